/*
 * Calls that change a file with several names. When overlayfs copies such a file up from a lower layer, the copy gets
 * another inode number, and records are kept by that number. So the copy is made here, before the kernel does the call,
 * and gets a record of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "ownership/answers.h"
#include "base/kernel.h"

/* Makes overlayfs copy the file up, without changing it. A failure is left to the call itself, which meets it again. */
static void copy_up(const struct name *name, const struct stat *st)
{
	char path[32];
	int flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	if (!S_ISREG(st->st_mode)) {
		(void)!fchownat(name->directory, name->path, (uid_t)-1, (gid_t)-1, name->flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
		return;
	}
	snprintf(path, sizeof path, "self/fd/%d", name->directory);
	int fd = name->path[0] ? openat(name->directory, name->path, flags) : openat(proc_directory(), path, flags);
	if (fd >= 0) close(fd);
}

int look_at_copy(const struct name *name, struct stat *st)
{
	struct stat before;
	int failed = look_at(name, name->flags, &before);
	if (failed) return failed;
	const struct owner *recorded = find_owner(before.st_dev, before.st_ino);
	struct owner owner = recorded ? *recorded : (struct owner){0};
	copy_up(name, &before);
	if ((failed = look_at(name, name->flags, st))) return failed;
	if (recorded && st->st_ino != before.st_ino) record_owner(st->st_dev, st->st_ino, owner);
	return 0;
}

void keep_record(const struct name *name)
{
	struct stat st;
	if (look_at(name, name->flags, &st) || S_ISDIR(st.st_mode) || st.st_nlink < 2) return;
	if (find_owner(st.st_dev, st.st_ino)) (void)look_at_copy(name, &st);
}

struct reply answer_change(const struct call *call, int directory, uint64_t path, int flags)
{
	FILE_NAME name = {.opened = false};
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	if (kind == NAMED) keep_record(&name);
	return pass();
}

/* A new name of a copied-up file shows the copy's inode number. The old name may show the lower file's number for as
 * long as the kernel caches it. Both are one file, for the table as for programs. */
struct reply answer_link(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, int flags)
{
	FILE_NAME old = {.opened = false};
	FILE_NAME new = {.opened = false};
	struct stat shown, after;
	if (owners_are_real() && (!has_records() || !is_root(call))) return pass();
	int follow = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
	enum name_kind kind = find_name(call, from, path, follow, &old);
	if (kind == NAMED) kind = find_name(call, to, new_path, 0, &new);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN) return pass();
	if (owners_are_real() && (look_at(&old, old.flags, &shown) || !find_owner(shown.st_dev, shown.st_ino))) return pass();
	keep_record(&old);
	if (linkat(old.directory, old.path, new.directory, new.path, flags & (AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))) return error(errno);
	if (look_at(&old, old.flags, &shown) || look_at(&new, AT_SYMLINK_NOFOLLOW, &after)) return result(0);
	if (shown.st_dev == after.st_dev) join_inodes(after.st_dev, shown.st_ino, after.st_ino);
	return result(0);
}
