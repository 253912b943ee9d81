/* Calls about the caller of a virtual root itself: its directory, its root, its sockets. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include "ownership/answers.h"
#include "ownership/credentials.h"
#include "base/kernel.h"
#include "virtual-root/rewrite.h"
#include "virtual-root/state.h"
#include "virtual-root/virtual.h"

static struct reply instead(void) { return (struct reply){.kind = INSTEAD}; }

/* The same call with the file's name in /proc/PID/fd of this process; `argument` is where the name is. */
static struct reply with_alias(const struct call *call, const struct where *w, int argument)
{
	/* The caller is refused where the disk refuses; this process is not told. */
	if (S_ISDIR(w->st.st_mode) && !(w->st.st_mode & S_IXUSR)) (void)grant_access();
	int fd = open_where(w);
	if (fd < 0) return error(errno);
	struct instead *i = prepare_instead(call);
	i->pointer = argument;
	i->length = (size_t)alias_of(fd, (char *)i->data, sizeof i->data) + 1;
	i->held[0] = fd;
	return instead();
}

/* A directory by name: 0 or an error number. */
static int find_directory(const struct call *call, uint64_t path, struct where *w)
{
	int failed = find_where(call, AT_FDCWD, path, FOLLOW, w);
	if (failed || (failed = w->failed)) return failed;
	return S_ISDIR(w->st.st_mode) ? 0 : ENOTDIR;
}

struct reply virtual_chdir(const struct call *call)
{
	PLACE w = {.directory = -1};
	int failed = find_directory(call, call->args[0], &w);
	return failed ? error(failed) : with_alias(call, &w, 0);
}

struct reply virtual_getcwd(const struct call *call)
{
	char name[PATH_MAX];
	int failed = working_directory(call, name);
	if (failed) return error(failed);
	size_t size = strlen(name) + 1;
	if (size > call->args[1]) return error(ERANGE);
	struct reply reply = write_memory(call, call->args[0], name, size);
	return reply.kind == RESULT ? result((int64_t)size) : reply;
}

struct reply virtual_chroot(const struct call *call)
{
	PLACE w = {.directory = -1};
	int failed = find_directory(call, call->args[0], &w);
	if (failed) return error(failed);
	if (!is_privileged(credentials_of(call->thread))) return error(EPERM);
	if (w.through) name_descriptor(&w);
	int number = number_of_root(w.name);
	if (number < 0) return error(-number);
	struct state state = state_of(call->thread);
	state.root = (unsigned)number;
	if (!still_waits(call)) return nothing();
	failed = change_state(call->thread, state);
	return failed ? error(failed) : result(0);
}

/* The kernel changes the umask, too: for the sockets that a process makes itself. */
struct reply virtual_umask(const struct call *call)
{
	struct state state = state_of(call->thread);
	state.umask = (unsigned)call->args[0] & 0777;
	if (!still_waits(call)) return nothing();
	int failed = change_state(call->thread, state);
	return failed ? error(failed) : pass();
}

struct reply virtual_watch(const struct call *call)
{
	PLACE w = {.directory = -1};
	const uint32_t nofollow = 0x02000000; /* IN_DONT_FOLLOW */
	int failed = find_where(call, AT_FDCWD, call->args[1], call->args[2] & nofollow ? 0 : FOLLOW, &w);
	if (failed || (failed = w.failed)) return error(failed);
	int fd = open_where(&w);
	if (fd < 0) return error(errno);
	struct instead *i = prepare_instead(call);
	i->pointer = 1;
	i->length = (size_t)alias_of(fd, (char *)i->data, sizeof i->data) + 1;
	i->args[2] &= ~(uint64_t)nofollow; /* of the alias, which is a link */
	i->held[0] = fd;
	return instead();
}

static uint64_t capabilities;

void set_virtual_capabilities(uint64_t all) { capabilities = all; }

/* How many structures a call's version has: 0 for an unknown one, which the kernel then replaces by its own. */
static unsigned structures_of(const struct __user_cap_header_struct *header)
{
	if (header->version == _LINUX_CAPABILITY_VERSION_1) return 1;
	return header->version == _LINUX_CAPABILITY_VERSION_2 || header->version == _LINUX_CAPABILITY_VERSION_3 ? 2 : 0;
}

/* The header of a call: RESULT with its structures, or the end of the call. */
static struct reply read_header(const struct call *call, struct __user_cap_header_struct *header)
{
	if (!read_memory(call, call->args[0], header, sizeof *header)) return error(EFAULT);
	unsigned count = structures_of(header);
	if (count) return result(count);
	header->version = _LINUX_CAPABILITY_VERSION_3;
	struct reply reply = write_memory(call, call->args[0], header, sizeof *header);
	if (reply.kind != RESULT) return reply;
	return call->number == SYS_capget && !call->args[1] ? result(0) : error(EINVAL);
}

struct reply virtual_capget(const struct call *call)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct sets[2];
	struct reply reply = read_header(call, &header);
	if (reply.kind != RESULT || !call->args[1]) return reply;
	uint64_t all = is_privileged(credentials_of(call->thread)) ? capabilities : 0;
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(all >> 32 * i);
		sets[i] = (struct __user_cap_data_struct){.effective = half, .permitted = half};
	}
	return write_memory(call, call->args[1], sets, (size_t)reply.value * sizeof *sets);
}

struct reply virtual_capset(const struct call *call)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct sets[2] = {{0}};
	struct reply reply = read_header(call, &header);
	if (reply.kind != RESULT) return reply;
	if (!read_memory(call, call->args[1], sets, (size_t)reply.value * sizeof *sets)) return error(EFAULT);
	uint64_t wanted = (uint64_t)sets[1].permitted << 32 | sets[0].permitted;
	uint64_t effective = (uint64_t)sets[1].effective << 32 | sets[0].effective;
	uint64_t all = is_privileged(credentials_of(call->thread)) ? capabilities : 0;
	return wanted & ~all || effective & ~wanted ? error(EPERM) : result(0);
}

static const char *host_name = "localhost";

void set_virtual_host_name(const char *name) { host_name = name; }

struct reply virtual_uname(const struct call *call)
{
	struct utsname names;
	if (uname(&names)) return error(errno);
	snprintf(names.nodename, sizeof names.nodename, "%s", host_name);
	return write_memory(call, call->args[0], &names, sizeof names);
}

/* ---- sockets ---- */

struct address {
	struct sockaddr_un un;
	char end; /* a name may fill all of the address */
};

/* Reads a socket's address: true if it is a name in the file system. `size` is that of the call. */
static bool read_socket_name(const struct call *call, uint64_t at, uint64_t size, struct address *a)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	memset(a, 0, sizeof *a);
	if (!at || size <= head || size > sizeof a->un) return false;
	if (!read_memory(call, at, &a->un, size)) return false;
	return a->un.sun_family == AF_UNIX && a->un.sun_path[0];
}

/* The new socket belongs to who made it. */
static void record_socket(const struct call *call, const struct instead *done, int64_t unused)
{
	struct stat st;
	const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)done->data;
	(void)unused;
	/* The name's last part, in the directory that is held for it. */
	if (fstatat(done->held[0], strrchr(un->sun_path, '/') + 1, &st, AT_SYMLINK_NOFOLLOW)) return;
	record_new(call, done->held[0], &st, st.st_mode & 07777, 0, 0);
}

/* Puts the name of a socket that the caller can use into `un`; the descriptor that it needs, or minus an error
 * number. */
static int translate(const struct call *call, struct address *a, bool makes)
{
	PLACE w = {.directory = -1};
	char name[sizeof a->un.sun_path + 1];
	memcpy(name, a->un.sun_path, sizeof a->un.sun_path);
	name[sizeof name - 1] = 0;
	int failed = find_named(call, AT_FDCWD, name, makes ? ITSELF : FOLLOW, &w), fd;
	if (failed) return -failed;
	if (makes) {
		if (!w.failed || w.mount_point) return -EADDRINUSE;
		if (w.failed != ENOENT) return -w.failed;
		if (w.readonly) return -EROFS;
		fd = openat(w.directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	} else {
		if (w.failed) return -w.failed;
		fd = open_where(&w);
	}
	if (fd < 0) return -errno;
	size_t room = sizeof a->un.sun_path, used = (size_t)alias_of(fd, a->un.sun_path, room);
	if (makes && (size_t)snprintf(a->un.sun_path + used, room - used, "/%s", w.last) >= room - used) {
		close(fd);
		return -ENAMETOOLONG;
	}
	return fd;
}

static size_t size_of_address(const struct sockaddr_un *un) { return offsetof(struct sockaddr_un, sun_path) + strlen(un->sun_path) + 1; }

struct reply virtual_socket_name(const struct call *call, int argument)
{
	struct address a;
	if (!read_socket_name(call, call->args[argument], (uint32_t)call->args[argument + 1], &a)) return pass();
	bool makes = call->number == SYS_bind;
	int fd = translate(call, &a, makes);
	if (fd < 0) return error(-fd);
	struct instead *i = prepare_instead(call);
	i->pointer = argument;
	i->length = size_of_address(&a.un);
	memcpy(i->data, &a.un, i->length);
	i->args[argument + 1] = i->length;
	i->held[0] = fd;
	if (makes) i->finish = record_socket;
	return instead();
}

struct reply virtual_sendmsg(const struct call *call)
{
	struct msghdr message;
	struct address a;
	if (!read_memory(call, call->args[1], &message, sizeof message)) return pass();
	if (!read_socket_name(call, (uint64_t)(uintptr_t)message.msg_name, message.msg_namelen, &a)) return pass();
	int fd = translate(call, &a, false);
	if (fd < 0) return error(-fd);
	struct instead *i = prepare_instead(call);
	i->pointer = 1;
	message.msg_namelen = (socklen_t)size_of_address(&a.un);
	memcpy(i->data, &message, sizeof message);
	memcpy(i->data + sizeof message, &a.un, message.msg_namelen);
	i->length = sizeof message + message.msg_namelen;
	i->has_inner_pointer = true;
	i->pointer_at = offsetof(struct msghdr, msg_name);
	i->points_to = sizeof message;
	i->held[0] = fd;
	return instead();
}

/* Many messages: none of them may have a name in the file system, which is not done here. */
struct reply virtual_sendmmsg(const struct call *call)
{
	struct address a;
	uint64_t count = (uint32_t)call->args[2];
	for (uint64_t i = 0; i < count && i < 1024; i++) {
		struct mmsghdr m;
		if (!read_memory(call, call->args[1] + i * sizeof m, &m, sizeof m)) return pass();
		if (read_socket_name(call, (uint64_t)(uintptr_t)m.msg_hdr.msg_name, m.msg_hdr.msg_namelen, &a)) return error(EOPNOTSUPP);
	}
	return pass();
}

/* ---- the user at the other end ---- */

struct peer {
	int32_t pid;
	uint32_t uid, gid;
};

static void show_peer(const struct call *call, const struct instead *done, int64_t unused)
{
	struct peer peer;
	(void)unused;
	if (!read_memory(call, done->args[3], &peer, sizeof peer) || peer.pid <= 0) return;
	const struct credentials *who = credentials_of(peer.pid);
	peer.uid = who->ids[USER].effective;
	peer.gid = who->ids[GROUP].effective;
	(void)poke_memory(call, done->args[3], &peer, sizeof peer);
}

struct reply virtual_peer(const struct call *call)
{
	uint32_t room;
	if (!read_memory(call, call->args[4], &room, sizeof room) || room < sizeof(struct peer)) return pass();
	prepare_instead(call)->finish = show_peer;
	return instead();
}
