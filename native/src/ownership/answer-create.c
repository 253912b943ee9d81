/* Making and removing files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/capability.h>
#include <sys/sysmacros.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"
#include "ownership/set-id.h"

static bool orphans;

void expect_orphans(void) { orphans = true; }

/* The directory that a name is in: 0 or an error number. */
static int look_at_parent(const struct name *name, struct stat *st)
{
	struct name parent = *name;
	size_t n = strlen(parent.path);
	while (n > 1 && parent.path[n - 1] == '/') parent.path[--n] = 0;
	char *slash = strrchr(parent.path, '/');
	if (!slash) strcpy(parent.path, ".");
	else slash[slash == parent.path] = 0;
	return look_at(&parent, 0, st);
}

static void take_umask(const struct call *call)
{
	char text[16];
	umask(read_status(call->thread, "Umask", text, sizeof text) ? (mode_t)strtoul(text, NULL, 8) & 0777 : 022);
}

/* A new file, open; -1 with errno. One that is there already by now is none of ours: EEXIST. */
static int create_file(const struct name *name, int flags, mode_t mode)
{
	flags |= O_CREAT | O_CLOEXEC | O_NOCTTY;
	int fd = openat(name->directory, name->path, flags | O_EXCL, mode);
	if (fd >= 0 || errno != EEXIST || flags & (O_EXCL | O_NOFOLLOW)) return fd;
	/* A link to what isn't there: the file is made where it points. */
	struct stat st;
	if (look_at(name, AT_SYMLINK_NOFOLLOW, &st) || !S_ISLNK(st.st_mode) || !look_at(name, 0, &st)) {
		errno = EEXIST;
		return -1;
	}
	/* By now it may lead to a named pipe, for whose other end this process must not wait. */
	fd = openat(name->directory, name->path, flags | O_NONBLOCK, mode);
	if (fd >= 0 && !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int create(const struct call *call, enum creation what, const struct name *name, mode_t mode, uint64_t extra, uint32_t device)
{
	char target[PATH_MAX];
	switch (what) {
	case DIRECTORY: return mkdirat(name->directory, name->path, mode);
	case NODE: return mknodat(name->directory, name->path, device ? S_IFREG | (mode & 07777) : mode, 0);
	case FILE_: return create_file(name, (int)extra, mode);
	case LINK:
		if (read_text(call, extra, target, sizeof target)) return symlinkat(target, name->directory, name->path);
		errno = EFAULT;
	}
	return -1;
}

/* A file that is opened may be there already, with several names. */
static struct reply keep_and_pass(const struct name *name)
{
	keep_record(name);
	return pass();
}

static bool is_device(enum creation what, mode_t mode) { return what == NODE && (S_ISCHR(mode) || S_ISBLK(mode)); }

bool is_root(const struct call *call)
{
	char users[64], groups[64];
	return read_status(call->thread, "Uid", users, sizeof users) && !strcmp(users, "0\t0\t0\t0") &&
	       read_status(call->thread, "Gid", groups, sizeof groups) && !strcmp(groups, "0\t0\t0\t0");
}

/* Where owners are real, the kernel makes files, but for devices and for files that keep their set-id bits. */
static bool is_made_by_kernel(const struct call *call, enum creation what, mode_t mode)
{
	if (is_device(what, mode)) return !is_capable(call, CAP_MKNOD) || !is_root(call);
	return what != FILE_ || !is_lost_by_writes(mode) || !is_capable(call, CAP_FSETID) || !is_root(call);
}

/* A device's descriptor is left open: so no other file gets its inode's number, whoever removes it. */
static bool keep_number(const struct name *name)
{
	struct name itself = *name;
	itself.flags = AT_SYMLINK_NOFOLLOW;
	return open_path(&itself) >= 0;
}

struct reply answer_create(const struct call *call, enum creation what, int directory, uint64_t path, mode_t mode, uint64_t extra)
{
	FILE_NAME name = {.opened = false};
	struct stat st, parent;
	if (owners_are_real() && is_made_by_kernel(call, what, mode)) return pass();
	enum name_kind kind = find_name(call, directory, path, 0, &name);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN || look_at_parent(&name, &parent)) return pass();
	const struct owner *above = find_owner(parent.st_dev, parent.st_ino);
	struct owner owner = {0};
	if (!owners_are_real()) {
		const struct credentials *who = credentials_of(call->thread);
		owner = (struct owner){.uid = who->ids[USER].filesystem, .gid = who->ids[GROUP].filesystem};
	}
	if (parent.st_mode & S_ISGID) owner.gid = above ? above->gid : 0;
	if (is_device(what, mode)) {
		if (!is_capable(call, CAP_MKNOD)) return error(EPERM);
		unsigned encoded = (unsigned)extra; /* the kernel's way to put both numbers into 32 bits */
		owner.type = (uint16_t)(mode & S_IFMT);
		owner.major = (encoded >> 8) & 0xfff;
		owner.minor = (encoded & 0xff) | (encoded >> 12 & 0xfff00);
	}
	bool ordinary = !owner.uid && !owner.gid && !owner.type;
	bool keeps_bits = what == FILE_ && is_lost_by_writes(mode) && is_capable(call, CAP_FSETID);
	if (ordinary && !orphans && !keeps_bits) return what == FILE_ ? keep_and_pass(&name) : pass();
	if (what == FILE_ && !look_at(&name, 0, &st)) return keep_and_pass(&name); /* there already: keeps its owner */

	take_umask(call);
	int fd = create(call, what, &name, mode, extra, owner.type);
	if (fd < 0) return what == FILE_ && errno == EEXIST && !(extra & O_EXCL) ? pass() : error(errno);
	if (what == FILE_ ? fstat(fd, &st) : look_at(&name, AT_SYMLINK_NOFOLLOW, &st)) {
		/* Gone already; what it belonged to is nobody's business. */
		return what == FILE_ ? (struct reply){.kind = HAND, .value = fd, .flags = (int)extra} : result(0);
	}
	if (keeps_bits) keep_set_id(open_descriptor(fd), st.st_mode);
	if (owners_are_real() && owner.type && !keep_number(&name)) return error(errno);
	if (!owners_are_real() || owner.type) record_owner(st.st_dev, st.st_ino, owner);
	return what == FILE_ ? (struct reply){.kind = HAND, .value = fd, .flags = (int)extra} : result(0);
}

struct reply answer_open(const struct call *call, int directory, uint64_t path, int flags, mode_t mode)
{
	if (flags & O_CREAT) return answer_create(call, FILE_, directory, path, mode & 07777, (uint32_t)flags);
	return answer_change(call, directory, path, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
}

/* An inode number can come back for another file: with its last name goes its record. */
static bool loses_record(const struct stat *st)
{
	return find_owner(st->st_dev, st->st_ino) && (S_ISDIR(st->st_mode) || st->st_nlink == 1);
}

struct reply answer_remove(const struct call *call, int directory, uint64_t path, int flags)
{
	FILE_NAME name = {.opened = false};
	struct stat st;
	enum name_kind kind = find_name(call, directory, path, 0, &name);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN || look_at(&name, AT_SYMLINK_NOFOLLOW, &st) || !loses_record(&st)) return pass();
	if (unlinkat(name.directory, name.path, flags)) return error(errno);
	forget_owner(st.st_dev, st.st_ino);
	return result(0);
}

struct reply answer_rename(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, unsigned flags)
{
	FILE_NAME old = {.opened = false};
	FILE_NAME new = {.opened = false};
	struct stat moved, replaced;
	if (owners_are_real() && !has_records()) return pass();
	enum name_kind kind = find_name(call, from, path, 0, &old);
	if (kind == NAMED) kind = find_name(call, to, new_path, 0, &new);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN) return pass();
	old.flags = new.flags = AT_SYMLINK_NOFOLLOW;
	keep_record(&old);
	if (flags & RENAME_EXCHANGE) keep_record(&new);
	if (owners_are_real() || flags & (RENAME_EXCHANGE | RENAME_NOREPLACE)) return pass();
	if (look_at(&new, AT_SYMLINK_NOFOLLOW, &replaced) || !loses_record(&replaced)) return pass();
	if (look_at(&old, AT_SYMLINK_NOFOLLOW, &moved)) return pass();
	if (moved.st_ino == replaced.st_ino && moved.st_dev == replaced.st_dev) return pass();
	if (syscall(SYS_renameat2, old.directory, old.path, new.directory, new.path, flags)) return error(errno);
	forget_owner(replaced.st_dev, replaced.st_ino);
	return result(0);
}
