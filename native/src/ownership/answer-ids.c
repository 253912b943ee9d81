/* Virtual users: the user of a process, changes of it, and the user at the other end of a socket. The rules are those
 * of kernel/sys.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"
#include "ownership/owners.h"
#include "ownership/set-id.h"
#include "step/spec.h"

#define NONE UINT32_MAX /* -1: leave as it is */

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static struct reply change(const struct call *call, const struct credentials *to)
{
	if (!still_waits(call)) return nothing();
	if (to->ids[USER].effective || to->ids[USER].filesystem) expect_other_users();
	int failed = change_credentials(call->thread, to);
	return failed ? error(failed) : result(0);
}

static bool is_real_or_effective(const struct id_set *ids, uint32_t id)
{
	return id == NONE || id == ids->real || id == ids->effective;
}

static bool is_any(const struct id_set *ids, uint32_t id)
{
	return is_real_or_effective(ids, id) || id == ids->saved;
}

/* setuid(2), and setgid(2) with the other kind. */
static bool set_one(struct id_set *ids, bool root, uint32_t id)
{
	if (id == NONE) return false;
	if (root) ids->real = ids->saved = id;
	else if (id != ids->real && id != ids->saved) return false;
	ids->effective = id;
	return true;
}

static bool set_two(struct id_set *ids, bool root, uint32_t real, uint32_t effective)
{
	const struct id_set old = *ids;
	if (!root && (!is_real_or_effective(&old, real) || !is_any(&old, effective))) return false;
	if (real != NONE) ids->real = real;
	if (effective != NONE) ids->effective = effective;
	if (real != NONE || (effective != NONE && effective != old.real)) ids->saved = ids->effective;
	return true;
}

static bool set_three(struct id_set *ids, bool root, uint32_t real, uint32_t effective, uint32_t saved)
{
	if (!root && (!is_any(ids, real) || !is_any(ids, effective) || !is_any(ids, saved))) return false;
	if (real != NONE) ids->real = real;
	if (effective != NONE) ids->effective = effective;
	if (saved != NONE) ids->saved = saved;
	return true;
}

static bool has_root(const struct id_set *ids) { return !ids->real || !ids->effective || !ids->saved; }

/* Where owners are real, users are: the kernel changes them. */
static struct reply note_real_user(const struct call *call, int form)
{
	for (int i = 0; i < (form ? form : 1); i++)
		if ((uint32_t)call->args[i] && (uint32_t)call->args[i] != NONE) expect_other_users();
	return pass();
}

/* `form` is how many ids the call takes; 0 stands for setfsuid(2) and setfsgid(2), whose result is the old id. */
struct reply answer_set_id(const struct call *call, int kind, int form)
{
	if (owners_are_real()) return note_real_user(call, form);
	struct credentials who = *credentials_of(call->thread);
	struct id_set *ids = &who.ids[kind];
	bool root = is_privileged(&who), allowed;
	uint32_t a = (uint32_t)call->args[0], b = (uint32_t)call->args[1], c = (uint32_t)call->args[2];
	if (form == 0) {
		uint32_t old = ids->filesystem;
		if (a == NONE || !(root || is_any(ids, a) || a == old) || a == old) return result(old);
		ids->filesystem = a;
		struct reply reply = change(call, &who);
		return reply.kind == NOTHING ? reply : result(old);
	}
	const struct id_set before = *ids;
	if (form == 1) allowed = set_one(ids, root, a);
	else if (form == 2) allowed = set_two(ids, root, a, b);
	else allowed = set_three(ids, root, a, b, c);
	if (!allowed) return error(form == 1 && a == NONE ? EINVAL : EPERM);
	ids->filesystem = ids->effective;
	if (kind == USER && has_root(&before)) who.capable = who.keeps_capabilities && !has_root(ids);
	return change(call, &who);
}

struct reply answer_keep_capabilities(const struct call *call)
{
	struct credentials who = *credentials_of(call->thread);
	if (call->args[0] == PR_GET_KEEPCAPS) return result(who.keeps_capabilities);
	if (call->args[1] > 1) return error(EINVAL);
	who.keeps_capabilities = call->args[1] == 1;
	return change(call, &who);
}

struct reply answer_get_ids(const struct call *call, int kind)
{
	const struct id_set ids = credentials_of(call->thread)->ids[kind];
	const uint32_t values[3] = {ids.real, ids.effective, ids.saved};
	struct reply reply = result(0);
	for (int i = 0; i < 3 && reply.kind == RESULT; i++) reply = write_memory(call, call->args[i], &values[i], sizeof values[i]);
	return reply;
}

struct reply answer_get_groups(const struct call *call)
{
	const struct credentials *who = credentials_of(call->thread);
	int size = (int)call->args[0];
	if (size < 0 || (size && (size_t)size < who->group_count)) return error(EINVAL);
	if (size && who->group_count) {
		struct reply reply = write_memory(call, call->args[1], who->groups, who->group_count * sizeof *who->groups);
		if (reply.kind != RESULT) return reply;
	}
	return result((int64_t)who->group_count);
}

struct reply answer_set_groups(const struct call *call)
{
	uint32_t groups[MAXIMUM_GROUPS];
	struct credentials who = *credentials_of(call->thread);
	uint64_t size = (uint32_t)call->args[0];
	if (!is_privileged(&who)) return error(EPERM);
	if (size > MAXIMUM_GROUPS) return error(EINVAL);
	if (size && !read_memory(call, call->args[1], groups, size * sizeof *groups)) return error(EFAULT);
	sort_groups(groups, size);
	who.group_count = size;
	who.groups = groups;
	return change(call, &who);
}

/* Whether exec honours the set-id bits of this file: it is a program, not a script, and the mount and the process
 * allow them. */
static bool has_set_id_effect(const struct call *call, const struct name *name)
{
	char text[8];
	unsigned char magic[4];
	struct statvfs fs;
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, fd;
	if (name->path[0]) {
		fd = openat(name->directory, name->path, flags);
	} else {
		char path[32];
		snprintf(path, sizeof path, "self/fd/%d", name->directory);
		fd = openat(proc_directory(), path, flags);
	}
	if (fd < 0) return false;
	bool program = read(fd, magic, sizeof magic) == 4 && !memcmp(magic, "\177ELF", 4);
	bool mounted = !fstatvfs(fd, &fs) && !(fs.f_flag & ST_NOSUID);
	close(fd);
	if (!program || !mounted) return false;
	/* The no_new_privs of an environment is about real users. A process sets its own for virtual users, too. */
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return true;
	return read_status(call->thread, "NoNewPrivs", text, sizeof text) && !strcmp(text, "0");
}

/* The kernel executes; what the set-id bits of a virtual owner's program would do is done here before. */
struct reply answer_exec(const struct call *call, int directory, uint64_t path, int flags)
{
	FILE_NAME name = {.opened = false};
	struct stat st;
	restore_set_ids();
	if (owners_are_real()) return pass();
	enum name_kind kind = find_name(call, directory, path, flags, &name);
	if (kind == GONE) return nothing();
	if (kind == UNKNOWN || look_at(&name, name.flags, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0111)) return pass();
	struct credentials who = *credentials_of(call->thread);
	struct id_set old[2] = {who.ids[USER], who.ids[GROUP]};
	bool set_user = st.st_mode & S_ISUID, set_group = (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
	if ((set_user || set_group) && has_set_id_effect(call, &name)) {
		apply_owner(&st);
		if (set_user) who.ids[USER].effective = st.st_uid;
		if (set_group) who.ids[GROUP].effective = st.st_gid;
	}
	for (int i = 0; i < 2; i++) who.ids[i].saved = who.ids[i].filesystem = who.ids[i].effective;
	bool changed = memcmp(old, who.ids, sizeof old) || who.keeps_capabilities || who.capable;
	who.keeps_capabilities = who.capable = false;
	if (changed) change(call, &who);
	return pass();
}

/* The last number of a line such as `NSpid:	812	7	1`: as the process's own namespace counts. */
static int last_number(const char *text)
{
	const char *tab = strrchr(text, '\t');
	return atoi(tab ? tab + 1 : text);
}

/* getsockopt(SO_PEERCRED): the kernel knows the real user only. It is asked through a copy of the descriptor. */
struct reply answer_peer(const struct call *call)
{
	struct {
		int pid;
		uint32_t uid, gid;
	} peer;
	char text[64];
	uint32_t room;
	socklen_t size = sizeof peer;
	if (!read_memory(call, call->args[4], &room, sizeof room) || room < sizeof peer) return pass();
	pid_t process = read_status(call->thread, "Tgid", text, sizeof text) ? (pid_t)atoi(text) : call->thread;
	int pidfd = (int)syscall(SYS_pidfd_open, process, 0);
	int fd = pidfd < 0 || !still_waits(call) ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, (int)call->args[0], 0);
	bool known = fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.pid > 0;
	if (fd >= 0) close(fd);
	if (pidfd >= 0) close(pidfd);
	if (!known) return pass();
	const struct credentials *who = credentials_of(peer.pid);
	peer.uid = who->ids[USER].effective;
	peer.gid = who->ids[GROUP].effective;
	if (read_status(peer.pid, "NSpid", text, sizeof text)) peer.pid = last_number(text);
	struct reply reply = write_memory(call, call->args[3], &peer, sizeof peer);
	return reply.kind == RESULT ? write_memory(call, call->args[4], &size, sizeof size) : reply;
}
