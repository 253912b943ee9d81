/* stat and chown. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <linux/capability.h>

#include <sys/sysmacros.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"
#include "ownership/set-id.h"

bool is_capable(const struct call *call, int capability)
{
	char text[32];
	if (!owners_are_real()) return is_privileged(credentials_of(call->thread));
	return read_status(call->thread, "CapEff", text, sizeof text) && strtoull(text, NULL, 16) >> capability & 1;
}

const struct owner *apply_owner(struct stat *st)
{
	/* A namespace of one id has no name for other owners, such as those of the host's device nodes: they show as root. */
	const struct owner *owner = find_owner(st->st_dev, st->st_ino);
	if (!owners_are_real()) {
		st->st_uid = owner ? owner->uid : 0;
		st->st_gid = owner ? owner->gid : 0;
	}
	if (owner && owner->type) {
		st->st_mode = owner->type | (st->st_mode & 07777);
		st->st_rdev = makedev(owner->major, owner->minor);
	}
	if (owner && owner->mode) st->st_mode = (st->st_mode & S_IFMT) | (owner->mode & 07777u);
	st->st_ino = recorded_inode(st->st_dev, st->st_ino);
	return owner;
}

struct reply answer_stat(const struct call *call, int directory, uint64_t path, uint64_t out, int flags)
{
	FILE_NAME name = {.opened = false};
	struct stat st;
	restore_set_ids();
	if (owners_are_real() && !has_records()) return pass();
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	/* The process may see a file that can't be looked up from here; if it can't, the kernel has the right error. */
	if (kind == UNKNOWN || syscall(SYS_newfstatat, name.directory, name.path, &st, name.flags)) return pass();
	if (!apply_owner(&st) && owners_are_real()) return pass();
	return write_memory(call, out, &st, sizeof st);
}

struct reply answer_statx(const struct call *call, int directory, uint64_t path, int flags, uint32_t mask, uint64_t out)
{
	FILE_NAME name = {.opened = false};
	struct kernel_statx st;
	restore_set_ids();
	if (owners_are_real() && !has_records()) return pass();
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	int sync = flags & (AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC);
	if (kind == UNKNOWN || syscall(SYS_statx, name.directory, name.path, name.flags | sync, mask | KERNEL_STATX_INO, &st)) return pass();
	const struct owner *owner = find_owner(makedev(st.dev_major, st.dev_minor), st.ino);
	if (owners_are_real() && !owner) return pass();
	if (!owners_are_real()) {
		st.uid = owner ? owner->uid : 0;
		st.gid = owner ? owner->gid : 0;
	}
	if (owner && owner->type) {
		st.mode = (uint16_t)(owner->type | (st.mode & 07777));
		st.rdev_major = owner->major;
		st.rdev_minor = owner->minor;
	}
	st.ino = recorded_inode(makedev(st.dev_major, st.dev_minor), st.ino);
	return write_memory(call, out, &st, sizeof st);
}

/* Only its owner and root can change a file. Another user's attempt fails, so nothing is forgotten of root's files. */
static void lose_set_id(const struct call *call, const struct stat *st)
{
	const struct owner *owner = find_owner(st->st_dev, st->st_ino);
	uid_t uid = owners_are_real() ? st->st_uid : owner ? owner->uid : 0;
	if (uid != 0 || is_capable(call, CAP_FOWNER)) forget_set_id(st);
}

struct reply answer_mode(const struct call *call, int directory, uint64_t path, mode_t mode, int flags)
{
	FILE_NAME name = {.opened = false};
	struct stat st;
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN) return pass();
	keep_record(&name);
	if (look_at(&name, name.flags, &st) || !S_ISREG(st.st_mode)) return pass();
	restore_set_ids();
	lose_set_id(call, &st);
	if (is_lost_by_writes(mode) && is_capable(call, CAP_FSETID)) {
		int fd = open_path(&name);
		if (fd >= 0) keep_set_id(fd, mode);
	}
	return pass();
}

struct reply answer_chown(const struct call *call, int directory, uint64_t path, uint32_t uid, uint32_t gid, int flags)
{
	FILE_NAME name = {.opened = false};
	struct stat st;
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN || look_at(&name, name.flags, &st)) return pass();
	restore_set_ids();
	if (owners_are_real()) {
		keep_record(&name);
		if (S_ISREG(st.st_mode)) lose_set_id(call, &st);
		return pass();
	}
	const struct credentials *who = credentials_of(call->thread);
	const struct owner *recorded = apply_owner(&st);
	struct owner owner = recorded ? *recorded : (struct owner){0};
	if (!is_privileged(who)) {
		bool own = who->ids[USER].filesystem == st.st_uid;
		bool keeps = uid == UINT32_MAX || uid == st.st_uid;
		if (!own || !keeps || !(gid == UINT32_MAX || gid == st.st_gid || is_in_group(who, gid))) return error(EPERM);
	}
	/* The real call with nothing to change: a new ctime, the copy that an overlay makes, set-id bits dropped, EROFS. */
	if (fchownat(name.directory, name.path, (uid_t)-1, (gid_t)-1, name.flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))) return error(errno);
	if (S_ISREG(st.st_mode)) forget_set_id(&st);
	owner.uid = uid == UINT32_MAX ? st.st_uid : uid;
	owner.gid = gid == UINT32_MAX ? st.st_gid : gid;
	/* A copy of a file with several names has another inode number than the file. */
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1 && look_at(&name, name.flags, &st)) return result(0);
	if (!S_ISDIR(st.st_mode)) owner.capability_length = 0;
	if (!S_ISDIR(st.st_mode) && st.st_nlink == 0) expect_orphans();
	record_owner(st.st_dev, st.st_ino, owner);
	return result(0);
}
