#include "ownership/set-id.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/inotify.h>
#include <sys/resource.h>

#include "ownership/owners.h"

/* A file whose bits are to stay. The descriptor also keeps the inode's number from coming back for another file. */
struct kept {
	int fd, watch;
	dev_t device;
	ino_t inode;
	mode_t bits;
};

static struct kept *files;
static size_t count, room;
static int events = -1;
static bool others;

void watch_set_ids(bool other_users)
{
	struct rlimit limit;
	others = other_users;
	/* A descriptor a file. */
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		(void)!setrlimit(RLIMIT_NOFILE, &limit);
	}
	/* Without (there is a limit for each user) the bits come back at the step's end. */
	events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

void expect_other_users(void) { others = true; }

int set_id_events(void) { return events; }

/* Without the group's x the group's bit stays, for root of a namespace, too. */
bool is_lost_by_writes(mode_t mode) { return mode & S_ISUID || (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP); }

static struct kept *find_kept(dev_t device, ino_t inode)
{
	for (size_t i = 0; i < count; i++)
		if (files[i].inode == inode && files[i].device == device) return &files[i];
	return NULL;
}

void keep_set_id(int fd, mode_t mode)
{
	struct stat st;
	char path[32];
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return;
	}
	struct kept *file = find_kept(st.st_dev, st.st_ino);
	if (file) {
		close(fd);
		file->bits = mode & (S_ISUID | S_ISGID);
		return;
	}
	if (count == room) {
		size_t wanted = room ? 2 * room : 64;
		struct kept *more = realloc(files, wanted * sizeof *files);
		if (!more) {
			close(fd);
			return;
		}
		files = more;
		room = wanted;
	}
	/* The place's /proc: the step may have covered its own. */
	snprintf(path, sizeof path, "self/fd/%d", fd);
	int watch = -1;
	if (events >= 0 && !fchdir(proc_directory())) {
		watch = inotify_add_watch(events, path, IN_MODIFY);
		(void)!chdir("/");
	}
	files[count++] = (struct kept){fd, watch, st.st_dev, st.st_ino, mode & (S_ISUID | S_ISGID)};
}

void forget_set_id(const struct stat *st)
{
	struct kept *file = find_kept(st->st_dev, st->st_ino);
	if (!file) return;
	if (file->watch >= 0) inotify_rm_watch(events, file->watch);
	close(file->fd);
	*file = files[--count];
}

/* Whether only root may write to the file, so that it was root who did. */
static bool is_roots_alone(const struct stat *st)
{
	const struct owner *owner = owners_are_real() ? NULL : find_owner(st->st_dev, st->st_ino);
	uid_t uid = owners_are_real() ? st->st_uid : owner ? owner->uid : 0;
	gid_t gid = owners_are_real() ? st->st_gid : owner ? owner->gid : 0;
	return uid == 0 && (gid == 0 || !(st->st_mode & S_IWGRP)) && !(st->st_mode & S_IWOTH);
}

/* Every chmod and chown comes by here before it is done. So bits that are missing went with a write. */
static void restore(const struct kept *file)
{
	struct stat st;
	char path[32];
	if (fstat(file->fd, &st) || (st.st_mode & file->bits) == file->bits) return;
	if (others && !is_roots_alone(&st)) return;
	snprintf(path, sizeof path, "self/fd/%d", file->fd);
	(void)!fchmodat(proc_directory(), path, (st.st_mode & 07777) | file->bits, 0);
}

void restore_set_ids(void)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n;
	while (events >= 0 && (n = read(events, buffer, sizeof buffer)) > 0) {
		const struct inotify_event *event;
		for (char *at = buffer; at < buffer + n; at += sizeof *event + event->len) {
			event = (const struct inotify_event *)(void *)at;
			for (size_t i = 0; i < count; i++)
				if (event->mask & IN_Q_OVERFLOW || files[i].watch == event->wd) restore(&files[i]);
		}
	}
}

void restore_all_set_ids(void)
{
	for (size_t i = 0; i < count; i++) restore(&files[i]);
}
