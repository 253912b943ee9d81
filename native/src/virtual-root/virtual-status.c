/* The status of files of a virtual root: what stat shows, and what changes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/limits.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"
#include "virtual-root/virtual.h"

#define MAXIMUM_ATTRIBUTE 65536
#define CAPABILITY "security.capability"

struct reply virtual_stat(const struct call *call, int directory, uint64_t path, uint64_t out, int flags)
{
	PLACE w = {.directory = -1};
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) return error(EINVAL);
	int failed = find_where(call, directory, path, how_of(flags), &w);
	if (failed || (failed = w.failed)) return error(failed);
	apply_owner(&w.st);
	return write_memory(call, out, &w.st, sizeof w.st);
}

struct reply virtual_statx(const struct call *call, int directory, uint64_t path, int flags, uint32_t mask, uint64_t out)
{
	PLACE w = {.directory = -1};
	struct kernel_statx st;
	int sync = flags & (AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC);
	int failed = find_where(call, directory, path, how_of(flags), &w);
	if (failed || (failed = w.failed)) return error(failed);
	flags = (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) | sync | (w.through ? 0 : AT_SYMLINK_NOFOLLOW);
	if (syscall(SYS_statx, w.directory, w.last, flags, mask | KERNEL_STATX_INO, &st)) return error(errno);
	apply_owner(&w.st);
	st.uid = w.st.st_uid, st.gid = w.st.st_gid, st.mode = (uint16_t)w.st.st_mode;
	st.rdev_major = major(w.st.st_rdev), st.rdev_minor = minor(w.st.st_rdev);
	return write_memory(call, out, &st, sizeof st);
}

static bool may(const struct credentials *who, uint32_t user, uint32_t group, const struct stat *st, unsigned wanted)
{
	if (user == 0) return !(wanted & 1) || S_ISDIR(st->st_mode) || st->st_mode & 0111;
	bool member = group == st->st_gid;
	for (size_t i = 0; i < who->group_count; i++) member |= who->groups[i] == st->st_gid;
	unsigned bits = user == st->st_uid ? st->st_mode >> 6 : member ? st->st_mode >> 3 : st->st_mode;
	return (bits & wanted) == wanted;
}

struct reply virtual_access(const struct call *call, int directory, uint64_t path, unsigned wanted, int flags)
{
	PLACE w = {.directory = -1};
	if (wanted & ~7u || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return error(EINVAL);
	int failed = find_where(call, directory, path, how_of(flags), &w);
	if (failed || (failed = w.failed)) return error(failed);
	apply_owner(&w.st);
	const struct credentials *who = credentials_of(call->thread);
	const struct id_set *user = &who->ids[USER], *group = &who->ids[GROUP];
	bool allowed = flags & AT_EACCESS ? may(who, user->effective, group->effective, &w.st, wanted) : may(who, user->real, group->real, &w.st, wanted);
	if (!allowed) return error(EACCES);
	return wanted & 2 && w.readonly && (S_ISREG(w.st.st_mode) || S_ISDIR(w.st.st_mode)) ? error(EROFS) : result(0);
}

struct reply virtual_statfs(const struct call *call, uint64_t path, uint64_t out)
{
	PLACE w = {.directory = -1};
	struct statfs fs;
	int failed = find_where(call, AT_FDCWD, path, FOLLOW, &w);
	if (failed || (failed = w.failed)) return error(failed);
	int fd = open_where(&w);
	if (fd < 0) return error(errno);
	failed = fstatfs(fd, &fs) ? errno : 0;
	close(fd);
	return failed ? error(failed) : write_memory(call, out, &fs, sizeof fs);
}

struct reply virtual_readlink(const struct call *call, int directory, uint64_t path, uint64_t out, int size)
{
	PLACE w = {.directory = -1};
	char text[PATH_MAX];
	if (size <= 0) return error(EINVAL);
	int failed = find_where(call, directory, path, directory == AT_FDCWD ? 0 : EMPTY, &w);
	if (failed || (failed = w.failed)) return error(failed);
	int length = read_link(call, &w, text);
	if (length < 0) return error(-length);
	if (length > size) length = size;
	struct reply reply = write_memory(call, out, text, (size_t)length);
	return reply.kind == RESULT ? result(length) : reply;
}

/* ---- changes ---- */

/* A name of the file itself for calls that know none of the newer ways: no link in it can lead elsewhere. */
struct link {
	int fd;
	char path[32];
};
static void close_link(struct link *link)
{
	if (link->fd >= 0) close(link->fd);
}
#define LINK __attribute__((cleanup(close_link))) struct link

/* Finds a file that is to change; 0 or an error number. */
static int find_file(const struct call *call, int directory, uint64_t path, int flags, struct where *w, struct link *link)
{
	int failed = find_where(call, directory, path, how_of(flags), w);
	if (failed || (failed = refuse_change(w))) return failed;
	link->fd = open_where(w);
	if (link->fd < 0) return errno;
	snprintf(link->path, sizeof link->path, "/proc/self/fd/%d", link->fd);
	return 0;
}

static struct owner owner_of(const struct stat *st)
{
	const struct owner *recorded = find_owner(st->st_dev, st->st_ino);
	return recorded ? *recorded : (struct owner){0};
}

struct reply virtual_chmod(const struct call *call, int directory, uint64_t path, mode_t mode, int flags)
{
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	int failed = find_file(call, directory, path, flags, &w, &link);
	if (failed) return error(failed);
	if (S_ISLNK(w.st.st_mode)) return error(EOPNOTSUPP);
	struct stat shown = w.st;
	apply_owner(&shown);
	const struct credentials *who = credentials_of(call->thread);
	if (!is_privileged(who) && who->ids[USER].filesystem != shown.st_uid) return error(EPERM);
	mode_t disk = mode_on_disk(mode, S_ISDIR(w.st.st_mode));
	if (chmod(link.path, disk)) return error(errno);
	struct owner owner = owner_of(&w.st);
	owner.mode = disk == (mode & 07777) ? 0 : (uint16_t)(MODE_RECORDED | (mode & 07777));
	record_owner(w.st.st_dev, w.st.st_ino, owner);
	return result(0);
}

struct reply virtual_chown(const struct call *call, int directory, uint64_t path, uint32_t uid, uint32_t gid, int flags)
{
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	int failed = find_file(call, directory, path, flags, &w, &link);
	if (failed) return error(failed);
	struct stat shown = w.st;
	apply_owner(&shown);
	const struct credentials *who = credentials_of(call->thread);
	if (!is_privileged(who)) {
		bool keeps = uid == UINT32_MAX || uid == shown.st_uid;
		if (who->ids[USER].filesystem != shown.st_uid || !keeps || !(gid == UINT32_MAX || gid == shown.st_gid || is_in_group(who, gid))) return error(EPERM);
	}
	/* Nothing changes on disk but the time. */
	if (fchownat(link.fd, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH)) return error(errno);
	struct owner owner = owner_of(&w.st);
	owner.uid = uid == UINT32_MAX ? shown.st_uid : uid;
	owner.gid = gid == UINT32_MAX ? shown.st_gid : gid;
	if (!S_ISDIR(w.st.st_mode)) {
		owner.capability_length = 0;
		mode_t mode = shown.st_mode & 07777 & ~(mode_t)(S_ISUID | (shown.st_mode & S_IXGRP ? S_ISGID : 0));
		if (!S_ISLNK(w.st.st_mode)) owner.mode = (w.st.st_mode & 07777) == mode ? 0 : (uint16_t)(MODE_RECORDED | mode);
	}
	record_owner(w.st.st_dev, w.st.st_ino, owner);
	return result(0);
}

/* The two times of a call in its own unit; false if they can't be read, or aren't times. */
static bool read_times(const struct call *call, uint64_t address, enum time_unit unit, struct timespec times[2])
{
	int64_t raw[4];
	if (unit == SECONDS) {
		if (!read_memory(call, address, raw, 2 * sizeof *raw)) return false;
		for (int i = 0; i < 2; i++) times[i] = (struct timespec){.tv_sec = raw[i]};
		return true;
	}
	if (!read_memory(call, address, raw, sizeof raw)) return false;
	for (int i = 0; i < 2; i++) {
		int64_t part = raw[2 * i + 1];
		if (unit == MICROSECONDS && (part < 0 || part > 999999)) part = -1; /* the system refuses it */
		times[i] = (struct timespec){.tv_sec = raw[2 * i], .tv_nsec = unit == MICROSECONDS && part > 0 ? part * 1000 : part};
	}
	return true;
}

struct reply virtual_times(const struct call *call, int directory, uint64_t path, uint64_t times, enum time_unit unit, int flags)
{
	PLACE w = {.directory = -1};
	struct timespec read[2];
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return error(EINVAL);
	if (times && !read_times(call, times, unit, read)) return error(EFAULT);
	int failed = find_where(call, directory, path, how_of(flags), &w);
	if (failed || (failed = refuse_change(&w))) return error(failed);
	return utimensat(w.directory, w.last, times ? read : NULL, w.through ? 0 : AT_SYMLINK_NOFOLLOW) ? error(errno) : result(0);
}

struct reply virtual_truncate(const struct call *call, uint64_t path, int64_t length)
{
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	int failed = find_file(call, AT_FDCWD, path, 0, &w, &link);
	if (failed) return error(failed);
	if (S_ISDIR(w.st.st_mode)) return error(EISDIR);
	if (!S_ISREG(w.st.st_mode)) return error(EINVAL);
	return truncate(link.path, length) ? error(errno) : result(0);
}

/* ---- extended attributes ---- */

static bool read_attribute_name(const struct call *call, char name[XATTR_NAME_MAX + 1])
{
	memset(name, 0, XATTR_NAME_MAX + 1);
	return read_text(call, call->args[1], name, XATTR_NAME_MAX + 1);
}

/* Writes what a call about attributes found, `size` bytes or more. */
static struct reply give_attribute(const struct call *call, uint64_t out, uint64_t room, const void *value, ssize_t size)
{
	if (size < 0) return error(errno);
	if (!room) return result(size);
	if ((uint64_t)size > room) return error(ERANGE);
	struct reply reply = write_memory(call, out, value, (size_t)size);
	return reply.kind == RESULT ? result(size) : reply;
}

struct reply virtual_get_attribute(const struct call *call, int directory, uint64_t path, int flags)
{
	static uint8_t value[MAXIMUM_ATTRIBUTE];
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	char name[XATTR_NAME_MAX + 1];
	if (!read_attribute_name(call, name)) return error(ERANGE);
	int failed = find_where(call, directory, path, how_of(flags), &w);
	if (failed || (failed = w.failed)) return error(failed);
	const struct owner *owner = find_owner(w.st.st_dev, w.st.st_ino);
	if (!strcmp(name, CAPABILITY) && owner && owner->capability_length)
		return give_attribute(call, call->args[2], call->args[3], owner->capability, owner->capability_length);
	link.fd = open_where(&w);
	if (link.fd < 0) return error(errno);
	snprintf(link.path, sizeof link.path, "/proc/self/fd/%d", link.fd);
	return give_attribute(call, call->args[2], call->args[3], value, getxattr(link.path, name, value, sizeof value));
}

struct reply virtual_list_attributes(const struct call *call, int directory, uint64_t path, int flags)
{
	static char names[MAXIMUM_ATTRIBUTE + sizeof CAPABILITY];
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	int failed = find_where(call, directory, path, how_of(flags), &w);
	if (failed || (failed = w.failed)) return error(failed);
	link.fd = open_where(&w);
	if (link.fd < 0) return error(errno);
	snprintf(link.path, sizeof link.path, "/proc/self/fd/%d", link.fd);
	ssize_t size = listxattr(link.path, names, MAXIMUM_ATTRIBUTE);
	const struct owner *owner = find_owner(w.st.st_dev, w.st.st_ino);
	if (size >= 0 && owner && owner->capability_length) {
		memcpy(names + size, CAPABILITY, sizeof CAPABILITY);
		size += (ssize_t)sizeof CAPABILITY;
	}
	return give_attribute(call, call->args[1], call->args[2], names, size);
}

/* A record alone leaves no trace on disk, where the builder looks for changes: a new ctime does. */
static struct reply record_change(const struct where *w, const struct link *link, struct owner owner)
{
	if (fchownat(link->fd, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH)) return error(errno);
	record_owner(w->st.st_dev, w->st.st_ino, owner);
	return result(0);
}

static struct reply set_capability(const struct call *call, const struct where *w, const struct link *link)
{
	uint64_t size = call->args[3], how = call->args[4];
	struct owner owner = owner_of(&w->st);
	if (!S_ISREG(w->st.st_mode) || !is_privileged(credentials_of(call->thread))) return error(EPERM);
	if (size != 20 && size != 24) return error(EINVAL);
	if (how & XATTR_CREATE && owner.capability_length) return error(EEXIST);
	if (how & XATTR_REPLACE && !owner.capability_length) return error(ENODATA);
	if (!read_memory(call, call->args[2], owner.capability, size)) return error(EFAULT);
	owner.capability_length = (uint32_t)size;
	return record_change(w, link, owner);
}

struct reply virtual_set_attribute(const struct call *call, int directory, uint64_t path, int flags)
{
	static uint8_t value[MAXIMUM_ATTRIBUTE];
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	char name[XATTR_NAME_MAX + 1];
	if (!read_attribute_name(call, name)) return error(ERANGE);
	int failed = find_file(call, directory, path, flags, &w, &link);
	if (failed) return error(failed);
	if (!strcmp(name, CAPABILITY)) return set_capability(call, &w, &link);
	uint64_t size = call->args[3];
	if (size > sizeof value) return error(E2BIG);
	if (size && !read_memory(call, call->args[2], value, size)) return error(EFAULT);
	return setxattr(link.path, name, value, size, (int)call->args[4]) ? error(errno) : result(0);
}

struct reply virtual_remove_attribute(const struct call *call, int directory, uint64_t path, int flags)
{
	PLACE w = {.directory = -1};
	LINK link = {.fd = -1};
	char name[XATTR_NAME_MAX + 1];
	if (!read_attribute_name(call, name)) return error(ERANGE);
	int failed = find_file(call, directory, path, flags, &w, &link);
	if (failed) return error(failed);
	struct owner owner = owner_of(&w.st);
	if (!strcmp(name, CAPABILITY) && owner.capability_length) {
		owner.capability_length = 0;
		return record_change(&w, &link, owner);
	}
	return removexattr(link.path, name) ? error(errno) : result(0);
}
