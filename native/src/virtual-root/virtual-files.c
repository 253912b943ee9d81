/* Making, opening and removing files of a virtual root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/sysmacros.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"
#include "virtual-root/rewrite.h"
#include "virtual-root/state.h"
#include "virtual-root/virtual.h"

int how_of(int flags) { return (flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW) | (flags & AT_EMPTY_PATH ? EMPTY : 0); }

int refuse_change(const struct where *w) { return w->failed ? w->failed : w->readonly ? EROFS : 0; }

mode_t mode_on_disk(mode_t mode, bool directory) { return (mode & 0777) | (directory ? 0700 : 0600); }

void record_new(const struct call *call, int directory, const struct stat *st, mode_t mode, uint16_t type, unsigned device)
{
	struct stat parent;
	const struct credentials *who = credentials_of(call->thread);
	struct owner owner = {.uid = who->ids[USER].filesystem, .gid = who->ids[GROUP].filesystem, .type = type};
	if (!fstatat(directory, "", &parent, AT_EMPTY_PATH)) {
		apply_owner(&parent);
		if (parent.st_mode & S_ISGID) {
			owner.gid = parent.st_gid;
			if (S_ISDIR(st->st_mode)) mode |= S_ISGID;
		}
	}
	if (type) owner.major = device >> 8 & 0xfff, owner.minor = (device & 0xff) | (device >> 12 & 0xfff00);
	if (!S_ISLNK(st->st_mode) && (st->st_mode & 07777) != (mode & 07777)) owner.mode = (uint16_t)(MODE_RECORDED | (mode & 07777));
	record_owner(st->st_dev, st->st_ino, owner);
}

/* One name of which this process owns the file: whether its mode changed. */
static bool grant(const char *name)
{
	struct stat st;
	char path[32];
	int fd = open_to_change(name);
	if (fd < 0) return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	bool ours = !fstat(fd, &st) && st.st_uid == geteuid() && !S_ISLNK(st.st_mode);
	mode_t mode = st.st_mode & 07777, disk = mode_on_disk(mode, S_ISDIR(st.st_mode));
	bool changed = ours && (mode & 0700) != (disk & 0700) && !chmod(path, disk);
	close(fd);
	if (!changed) return false;
	const struct owner *recorded = find_owner(st.st_dev, st.st_ino);
	struct owner owner = recorded ? *recorded : (struct owner){0};
	if (!owner.mode) owner.mode = (uint16_t)(MODE_RECORDED | mode);
	record_owner(st.st_dev, st.st_ino, owner);
	return true;
}

bool grant_access(void)
{
	bool changed = false;
	for (int i = 0; i < 2; i++) {
		char name[PATH_MAX];
		if (!walked_name(i)) continue;
		strcpy(name, walked_name(i));
		/* From the top: each directory opens the way to the next. */
		changed |= grant("");
		for (char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
			if (slash == name) continue;
			*slash = 0;
			changed |= grant(name);
			*slash = '/';
		}
		changed |= grant(name);
	}
	return changed;
}

/* After a file was made by name. */
static struct reply made(const struct call *call, const struct where *w, mode_t mode, uint16_t type, unsigned device)
{
	struct stat st;
	if (!fstatat(w->directory, w->last, &st, AT_SYMLINK_NOFOLLOW)) record_new(call, w->directory, &st, mode, type, device);
	return result(0);
}

/* A name to make something at: 0 or an error number. */
static int find_new(const struct call *call, int directory, uint64_t path, struct where *w)
{
	int failed = find_where(call, directory, path, ITSELF, w);
	if (failed) return failed == ENOTDIR && w->must_be_directory && !w->failed ? EEXIST : failed;
	if (w->mount_point || !w->failed) return EEXIST;
	if (w->failed != ENOENT) return w->failed;
	return w->readonly ? EROFS : 0;
}

static mode_t masked(const struct call *call, mode_t mode) { return mode & ~(mode_t)state_of(call->thread).umask; }

struct reply virtual_mkdir(const struct call *call, int directory, uint64_t path, mode_t mode)
{
	PLACE w = {.directory = -1};
	int failed = find_new(call, directory, path, &w);
	if (failed) return error(failed);
	mode = masked(call, mode & 01777);
	if (mkdirat(w.directory, w.last, mode_on_disk(mode, true))) return error(errno);
	return made(call, &w, mode, 0, 0);
}

struct reply virtual_mknod(const struct call *call, int directory, uint64_t path, mode_t mode, unsigned device)
{
	PLACE w = {.directory = -1};
	int failed = find_new(call, directory, path, &w);
	if (failed) return error(failed);
	mode_t permissions = masked(call, mode & 07777), type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
	bool is_device = type == S_IFCHR || type == S_IFBLK;
	if (is_device && !is_privileged(credentials_of(call->thread))) return error(EPERM);
	if (type == S_IFDIR) return error(EPERM);
	if (w.must_be_directory) return error(ENOENT);
	if (mknodat(w.directory, w.last, (is_device ? S_IFREG : type) | mode_on_disk(permissions, false), 0)) return error(errno);
	return made(call, &w, permissions, is_device ? (uint16_t)type : 0, device);
}

struct reply virtual_symlink(const struct call *call, uint64_t target, int directory, uint64_t path)
{
	PLACE w = {.directory = -1};
	char text[PATH_MAX] = "";
	if (!read_text(call, target, text, sizeof text)) return error(strnlen(text, sizeof text) == sizeof text ? ENAMETOOLONG : EFAULT);
	int failed = find_new(call, directory, path, &w);
	if (failed) return error(failed);
	if (w.must_be_directory) return error(ENOENT);
	if (symlinkat(text, w.directory, w.last)) return error(errno);
	return made(call, &w, 0777, 0, 0);
}

struct reply virtual_link(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, int flags)
{
	PLACE old = {.directory = -1};
	PLACE new = {.directory = -1};
	int failed = find_where(call, from, path, (flags & AT_SYMLINK_FOLLOW ? FOLLOW : 0) | (flags & AT_EMPTY_PATH ? EMPTY : 0), &old);
	if (!failed) failed = old.failed;
	if (!failed) failed = find_new(call, to, new_path, &new);
	if (failed) return error(failed);
	/* Also a file that has no name yet, by its descriptor. */
	if (linkat(old.directory, old.last, new.directory, new.last, old.through ? AT_SYMLINK_FOLLOW : 0)) return error(errno);
	return result(0);
}

static bool is_last_name(const struct stat *st) { return S_ISDIR(st->st_mode) || st->st_nlink == 1; }

struct reply virtual_remove(const struct call *call, int directory, uint64_t path, int flags)
{
	PLACE w = {.directory = -1};
	if (flags & ~AT_REMOVEDIR) return error(EINVAL);
	int failed = find_where(call, directory, path, ITSELF, &w);
	if (failed || (failed = w.failed)) return error(failed);
	if (w.mount_point) return error(flags ? EBUSY : S_ISDIR(w.st.st_mode) ? EISDIR : EBUSY);
	if (w.readonly) return error(EROFS);
	if (unlinkat(w.directory, w.last, flags)) return error(errno);
	if (is_last_name(&w.st)) forget_owner(w.st.st_dev, w.st.st_ino);
	if (flags & AT_REMOVEDIR) forget_names();
	return result(0);
}

struct reply virtual_rename(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, unsigned flags)
{
	PLACE old = {.directory = -1};
	PLACE new = {.directory = -1};
	int failed = find_where(call, from, path, ITSELF, &old);
	if (!failed) failed = old.failed;
	if (!failed) failed = find_where(call, to, new_path, ITSELF, &new);
	if (failed) return error(failed);
	if (old.mount_point || new.mount_point) return error(EBUSY);
	if (old.readonly || new.readonly) return error(EROFS);
	if (new.must_be_directory && !S_ISDIR(old.st.st_mode)) return error(ENOTDIR);
	if (syscall(SYS_renameat2, old.directory, old.last, new.directory, new.last, flags)) return error(errno);
	bool replaced = !new.failed && !(flags & RENAME_EXCHANGE);
	bool same = !new.failed && old.st.st_ino == new.st.st_ino && old.st.st_dev == new.st.st_dev;
	if (replaced && !same && is_last_name(&new.st)) forget_owner(new.st.st_dev, new.st.st_ino);
	/* A file in place of a file makes no name lead elsewhere. */
	if (!S_ISREG(old.st.st_mode) || (!new.failed && !S_ISREG(new.st.st_mode))) forget_names();
	return result(0);
}

/* ---- open ---- */

/* For files that may wait for another process, or become the caller's terminal: the caller opens them itself. */
static struct reply open_by_caller(const struct call *call, const struct where *w, int flags)
{
	int fd = open_where(w);
	if (fd < 0) return error(errno);
	struct instead *i = prepare_instead(call);
	i->number = SYS_openat;
	i->pointer = 1;
	i->length = (size_t)alias_of(fd, (char *)i->data, sizeof i->data) + 1;
	i->args[0] = (uint64_t)(int64_t)AT_FDCWD;
	i->args[2] = (unsigned)(flags & ~(O_NOFOLLOW | O_CREAT | O_EXCL));
	i->args[3] = i->args[4] = i->args[5] = 0;
	i->held[0] = fd;
	return (struct reply){.kind = INSTEAD};
}

static struct reply hand(int fd, int flags) { return (struct reply){.kind = HAND, .value = fd, .flags = flags}; }

static struct reply open_unnamed(const struct call *call, const struct where *w, int flags, mode_t mode)
{
	struct stat st;
	if (w->failed) return error(w->failed);
	if (!S_ISDIR(w->st.st_mode)) return error(ENOTDIR);
	if (w->readonly) return error(EROFS);
	int fd = openat(w->directory, w->last, flags | O_CLOEXEC, mode_on_disk(mode, false));
	if (fd < 0) return error(errno);
	int directory = open_where(w);
	if (!fstat(fd, &st)) record_new(call, directory, &st, mode, 0, 0);
	if (directory >= 0) close(directory);
	return hand(fd, flags);
}

/* A name that isn't there. EEXIST: it is now. */
static struct reply open_new(const struct call *call, const struct where *w, int flags, mode_t mode)
{
	struct stat st;
	if (w->readonly) return error(EROFS);
	if (w->must_be_directory) return error(EISDIR);
	int fd = openat(w->directory, w->last, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_on_disk(mode, false));
	if (fd < 0) return error(errno);
	if (!fstat(fd, &st)) record_new(call, w->directory, &st, mode, 0, 0);
	return hand(fd, flags);
}

static bool is_simple(const struct stat *st)
{
	/* Memory devices (null, zero, random…) neither wait nor become a terminal. */
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || (S_ISCHR(st->st_mode) && major(st->st_rdev) == 1);
}

static struct reply open_old(const struct call *call, const struct where *w, int flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	bool itself = flags & O_NOFOLLOW && S_ISLNK(w->st.st_mode);
	if (flags & O_PATH) return open_by_caller(call, w, flags | (itself ? O_NOFOLLOW : 0)); /* no such descriptor can be handed over */
	if (S_ISLNK(w->st.st_mode)) return error(ELOOP);
	if (flags & O_DIRECTORY && !S_ISDIR(w->st.st_mode)) return error(ENOTDIR);
	if (writes && w->readonly && (S_ISREG(w->st.st_mode) || S_ISDIR(w->st.st_mode))) return error(EROFS);
	const struct owner *owner = find_owner(w->st.st_dev, w->st.st_ino);
	if (owner && owner->type) return error(ENXIO); /* a device that there isn't */
	if (!is_simple(&w->st)) return open_by_caller(call, w, flags);
	/* If it is something that waits by now, this process must not. */
	int ours = (flags & ~(O_CREAT | O_EXCL)) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = openat(w->directory, w->last, w->through ? ours & ~O_NOFOLLOW : ours | O_NOFOLLOW);
	if (fd < 0) return error(errno);
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & ~(O_CREAT | O_EXCL | O_TRUNC))) {
		int failed = errno;
		close(fd);
		return error(failed);
	}
	return hand(fd, flags);
}

struct reply virtual_open(const struct call *call, int directory, uint64_t path, int flags, mode_t mode)
{
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE, creates = flags & O_CREAT && !(flags & O_PATH) && !unnamed;
	int how = flags & O_NOFOLLOW || (creates && flags & O_EXCL) ? 0 : FOLLOW;
	mode = masked(call, mode & 07777);
	struct reply reply = error(EEXIST);
	/* Another process may make or remove the name meanwhile. */
	for (int tries = 0; tries < 8; tries++) {
		PLACE w = {.directory = -1};
		int failed = find_where(call, directory, path, how, &w);
		if (failed) return error(failed);
		if (unnamed) return open_unnamed(call, &w, flags, mode);
		if (w.failed == ENOENT && creates) reply = open_new(call, &w, flags, mode);
		else if (w.failed) return error(w.failed);
		else if (creates && flags & O_EXCL) return error(EEXIST);
		else if (creates && S_ISDIR(w.st.st_mode)) return error(EISDIR);
		else reply = open_old(call, &w, flags);
		bool again = reply.kind == ERROR && creates && ((reply.value == EEXIST && !(flags & O_EXCL)) || reply.value == ENOENT);
		if (!again) return reply;
	}
	return reply;
}
