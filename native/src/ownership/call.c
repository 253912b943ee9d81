#include "ownership/call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/uio.h>

#include "base/fail.h"
#include "base/kernel.h"

static int proc = -1, root = -1;
static bool other_roots, away;

void prepare_names(int proc_fd)
{
	proc = proc_fd;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) fail("open", "/");
}

void expect_other_roots(void) { other_roots = true; }

int proc_directory(void) { return proc; }

bool still_waits(const struct call *call)
{
	uint64_t id = call->id;
	return !ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

bool read_memory(const struct call *call, uint64_t address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
	return process_vm_readv(call->thread, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

bool read_text(const struct call *call, uint64_t address, char *to, size_t size)
{
	for (size_t n = 0; n < size;) {
		/* Never beyond a page that may be the last one; mostly short names, so not more than a few cache lines at first. */
		size_t part = 4096 - (size_t)((address + n) % 4096);
		if (n == 0 && part > 256) part = 256;
		if (part > size - n) part = size - n;
		if (!read_memory(call, address + n, to + n, part)) return false;
		if (memchr(to + n, 0, part)) return true;
		n += part;
	}
	return false;
}

bool poke_memory(const struct call *call, uint64_t address, const void *from, size_t size)
{
	struct iovec local = {(void *)(uintptr_t)from, size}, remote = {(void *)(uintptr_t)address, size};
	return process_vm_writev(call->thread, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

struct reply write_memory(const struct call *call, uint64_t address, const void *from, size_t size)
{
	if (!still_waits(call)) return nothing();
	return poke_memory(call, address, from, size) ? result(0) : error(EFAULT);
}

int hand_descriptor(const struct call *call, int fd)
{
	struct seccomp_notif_addfd add = {.id = call->id, .srcfd = (uint32_t)fd, .newfd_flags = O_CLOEXEC};
	return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
}

/* Links and absolute names mean what they mean to the process: if it called chroot, so does this one for a moment. */
static bool enter_root_of(const struct call *call)
{
	char path[32];
	struct stat theirs, ours;
	snprintf(path, sizeof path, "%d/root", call->thread);
	if (fstatat(proc, path, &theirs, 0) || fstat(root, &ours)) return false;
	bool same = theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
	if (same && !away) return true;
	int fd = same ? root : openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool entered = fd >= 0 && !fchdir(fd) && !chroot(".");
	if (fd >= 0 && fd != root) close(fd);
	away = !same;
	return entered;
}

/* The rest of a name in /proc or /dev that means "the calling process", below the process's directory; NULL for any
 * other name. */
static const char *own_directory(const char *path, const char **prefix)
{
	static const struct {
		const char *name, *prefix;
		bool whole;
	} names[] = {
		{"/dev/stdin", "fd/0", true}, {"/dev/stdout", "fd/1", true}, {"/dev/stderr", "fd/2", true},
		{"/dev/fd/", "fd/", false},   {"/proc/self/", "", false},    {"/proc/thread-self/", "", false},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t length = strlen(names[i].name);
		if (names[i].whole ? strcmp(path, names[i].name) : strncmp(path, names[i].name, length)) continue;
		*prefix = names[i].prefix;
		return path + length;
	}
	return NULL;
}

/* From a process's directory that leads to other processes, not all of which are the step's. */
static bool leads_up(const char *path)
{
	for (const char *part = path; *part; part += strcspn(part, "/")) {
		part += strspn(part, "/");
		if (strcspn(part, "/") == 2 && part[0] == '.' && part[1] == '.') return true;
	}
	return false;
}

void close_name(struct name *name)
{
	if (name->opened) close(name->directory);
	name->opened = false;
}

/* Opens the directory that the name begins at; false with errno. */
static bool open_beginning(const struct call *call, const char *below, struct name *name)
{
	char path[64];
	snprintf(path, sizeof path, "%d%s", call->thread, below);
	name->directory = openat(proc, path, O_PATH | O_CLOEXEC);
	name->opened = name->directory >= 0;
	return name->opened;
}

enum name_kind find_name(const struct call *call, int directory, uint64_t address, int flags, struct name *name)
{
	char path[PATH_MAX] = "", below[32] = "/cwd";
	const char *prefix = "", *rest;
	name->opened = false;
	if (address && !read_text(call, address, path, sizeof path)) return still_waits(call) ? UNKNOWN : GONE;
	bool empty = !path[0];
	if (empty && !(flags & AT_EMPTY_PATH)) return UNKNOWN;
	name->flags = empty ? AT_EMPTY_PATH : flags & (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
	if (other_roots && !empty && !enter_root_of(call)) return still_waits(call) ? UNKNOWN : GONE;

	if (path[0] == '/' && (rest = own_directory(path, &prefix))) {
		if (leads_up(rest)) return UNKNOWN;
		below[0] = 0;
	} else if (path[0] == '/') {
		if (!strncmp(path, "/proc/", 6)) return UNKNOWN;
		name->directory = root; /* ignored for absolute names */
		strcpy(name->path, path);
		return still_waits(call) ? NAMED : GONE;
	} else {
		rest = path;
		if (directory < 0 && directory != AT_FDCWD) return UNKNOWN;
		if (directory >= 0) snprintf(below, sizeof below, "/fd/%d", directory);
	}
	int length = snprintf(name->path, sizeof name->path, "%s%s", prefix, rest);
	if (length < 0 || (size_t)length >= sizeof name->path) return UNKNOWN;
	bool opened = open_beginning(call, below, name);
	if (!still_waits(call)) return GONE;
	return opened ? NAMED : UNKNOWN;
}

int open_descriptor(int fd)
{
	char path[32];
	snprintf(path, sizeof path, "self/fd/%d", fd);
	return openat(proc, path, O_PATH | O_CLOEXEC);
}

int open_path(const struct name *name)
{
	int flags = O_PATH | O_CLOEXEC | (name->flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
	return name->path[0] ? openat(name->directory, name->path, flags) : open_descriptor(name->directory);
}

int look_at(const struct name *name, int flags, struct stat *st)
{
	return fstatat(name->directory, name->path, st, flags) ? errno : 0;
}

bool read_status(pid_t pid, const char *key, char *to, size_t size)
{
	char text[4096];
	snprintf(text, sizeof text, "%d/status", pid);
	int fd = openat(proc, text, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0) close(fd);
	if (n < 0) return false;
	text[n] = 0;
	size_t length = strlen(key);
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) || line[length] != ':') continue;
		line += length + 1 + strspn(line + length + 1, " \t");
		snprintf(to, size, "%.*s", (int)strcspn(line, "\n"), line);
		return true;
	}
	return false;
}
