#include "virtual-root/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "virtual-root/programs.h"
#include "virtual-root/state.h"

#define MAXIMUM_BINDS 128
#define MAXIMUM_LINKS 40 /* as the kernel's */

struct bind {
	const char *host, *name;
	size_t host_length, name_length;
	bool readonly, directory;
	int fd; /* of the directory, or of the one that the file is in */
	bool fleeting; /* /proc, whose directories are never kept open */
};

/* The first is the root. */
static struct bind binds[MAXIMUM_BINDS];
static size_t bind_count;
static bool any_readonly;
static int proc = -1;
static char *roots[MAXIMUM_ROOTS] = {""};
static int root_count = 1;

static const char *without_slash(const char *path) { return strcmp(path, "/") ? path : ""; }

void add_bind(const char *host, const char *name, bool readonly)
{
	if (bind_count == MAXIMUM_BINDS) refuse("mounts", "too many for a virtual root");
	any_readonly |= readonly;
	host = without_slash(host), name = without_slash(name);
	binds[bind_count++] = (struct bind){host, name, strlen(host), strlen(name), readonly, true, -1, false};
}

void set_virtual_root(const char *host, int proc_fd)
{
	proc = proc_fd;
	add_bind(host, "/", false);
}

/* Where the last part of an absolute path begins. */
static const char *last_part(const char *path) { return strrchr(path, '/') + 1; }

void open_binds(void)
{
	for (size_t i = 0; i < bind_count; i++) {
		struct bind *b = &binds[i];
		struct stat st;
		char path[PATH_MAX];
		/* As the kernel shows it in /proc/PID/cwd. */
		if (!realpath(*b->host ? b->host : "/", path) || stat(path, &st)) fail("find", b->host);
		b->host = without_slash(strdup(path));
		if (!b->host) fail("memory", NULL);
		b->host_length = strlen(b->host);
		b->directory = S_ISDIR(st.st_mode);
		if (!b->directory) path[last_part(path) - path] = 0;
		b->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (b->fd < 0) fail("open", path);
		b->fleeting = !strcmp(b->host, "/proc");
	}
}

static bool is_below(const char *path, const char *directory, size_t length)
{
	return !strncmp(path, directory, length) && (!path[length] || path[length] == '/');
}

static const struct bind *bind_of(const char *name)
{
	const struct bind *best = &binds[0];
	for (size_t i = 1; i < bind_count; i++)
		if (is_below(name, binds[i].name, binds[i].name_length) && binds[i].name_length >= best->name_length) best = &binds[i];
	return best;
}

/* From a name of the host to a virtual one; false if it is in no part of the tree. */
static bool to_virtual(const char *host, char *to)
{
	const struct bind *best = NULL;
	for (size_t i = 0; i < bind_count; i++)
		if (is_below(host, binds[i].host, binds[i].host_length) && (!best || binds[i].host_length > best->host_length)) best = &binds[i];
	if (!best) return false;
	return snprintf(to, PATH_MAX, "%s%s", best->name, host + best->host_length) < PATH_MAX;
}

/* ---- directories that are open ---- */

#define WAYS 4
#define SETS 256

struct kept {
	char *name;
	uint64_t hash;
	int fd;
	uint64_t used;
};
static struct kept kept[SETS][WAYS];
static uint64_t calls;

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3ull;
	return hash;
}

static void drop(struct kept *k)
{
	if (!k->name) return;
	free(k->name);
	close(k->fd);
	k->name = NULL;
}

void forget_names(void)
{
	for (size_t i = 0; i < SETS; i++)
		for (size_t j = 0; j < WAYS; j++) drop(&kept[i][j]);
}

static struct kept *find_kept(const char *name, uint64_t hash)
{
	struct kept *set = kept[hash >> 32 & (SETS - 1)];
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].name && set[i].hash == hash && !strcmp(set[i].name, name)) return &set[i];
	return NULL;
}

/* Keeps a directory, in place of the one that was used least lately; those of the present call stay. */
static bool keep(const char *name, uint64_t hash, int fd)
{
	struct kept *set = kept[hash >> 32 & (SETS - 1)], *victim = &set[0];
	for (size_t i = 0; i < WAYS && victim->name; i++)
		if (!set[i].name || set[i].used < victim->used) victim = &set[i];
	if (victim->name && victim->used == calls) return false;
	char *copy = strdup(name);
	if (!copy) return false;
	drop(victim);
	*victim = (struct kept){copy, hash, fd, calls};
	return true;
}

static int open_beneath(int directory, const char *path, uint64_t flags)
{
	struct open_how how = {.flags = flags | O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, directory, *path ? path : ".", &how, sizeof how);
}

/* A directory of a virtual name, -1 with errno: ELOOP if a part of the name is a link. `owned`: to be closed. */
static int open_directory(const char *name, bool *owned)
{
	*owned = false;
	const struct bind *b = bind_of(name);
	const char *rest = name + b->name_length;
	if (!b->directory) {
		errno = ENOTDIR;
		return -1;
	}
	if (!*rest) return b->fd;
	uint64_t hash = hash_of(name);
	struct kept *k = b->fleeting ? NULL : find_kept(name, hash);
	if (k) {
		k->used = calls;
		return k->fd;
	}
	int fd = open_beneath(b->fd, rest + 1, O_DIRECTORY);
	if (fd >= 0) *owned = b->fleeting || !keep(name, hash, fd);
	return fd;
}

/* ---- the walk ---- */

void close_where(struct where *w)
{
	if (w->owned) close(w->directory);
	w->owned = false;
}

static bool is_number(const char *text, size_t length)
{
	return length && length < 10 && strspn(text, "0123456789") >= length;
}

/* The kernel's own links, which show names of the host. */
enum own_link { NO_LINK, EXE, ROOT, CWD, OTHER };

/* The kind of the last part of `/proc/N/…` or `/proc/N/task/M/…`; the process in `pid`. */
static enum own_link own_link_of(const char *name, pid_t *pid)
{
	if (strncmp(name, "/proc/", 6) || !is_number(name + 6, strcspn(name + 6, "/"))) return NO_LINK;
	*pid = atoi(name + 6);
	const char *rest = name + 6 + strcspn(name + 6, "/");
	if (!strncmp(rest, "/task/", 6) && is_number(rest + 6, strcspn(rest + 6, "/"))) rest += 6 + strcspn(rest + 6, "/");
	if (!strcmp(rest, "/exe")) return EXE;
	if (!strcmp(rest, "/root")) return ROOT;
	if (!strcmp(rest, "/cwd")) return CWD;
	if (!strncmp(rest, "/fd/", 4) && is_number(rest + 4, strlen(rest + 4))) return OTHER;
	if (!strncmp(rest, "/ns/", 4) || !strncmp(rest, "/map_files/", 11)) return OTHER;
	return NO_LINK;
}

static int link_text(int directory, const char *path, char *to)
{
	ssize_t n = readlinkat(directory, path, to, PATH_MAX);
	if (n < 0) return -errno;
	if (n == PATH_MAX) return -ENAMETOOLONG;
	to[n] = 0;
	return (int)n;
}

static pid_t process_of(pid_t thread)
{
	char text[16];
	return read_status(thread, "Tgid", text, sizeof text) ? (pid_t)atoi(text) : thread;
}

/* The virtual name of what one of the kernel's links leads to: 0, an error number, or -1 if it has none. */
static int follow_own_link(enum own_link kind, pid_t pid, const char *name, char *to)
{
	char text[PATH_MAX];
	if (kind == ROOT) {
		strcpy(to, roots[state_of(pid).root]);
		return 0;
	}
	if (kind == EXE) {
		const char *program = program_name(state_of(pid).program);
		if (!program) return -1;
		strcpy(to, program);
		return 0;
	}
	int n = link_text(proc, name + strlen("/proc/"), text);
	if (n < 0) return -n;
	return text[0] == '/' && to_virtual(text, to) ? 0 : -1;
}

/* The rest of a name that is being walked, and how many links were followed. */
struct walk {
	char rest[2 * PATH_MAX];
	int links;
};

/* Goes on at the text of a link that is in the directory `name`. */
static int enter_link(struct walk *walk, const char *text, const char *after, const char *top, char *name)
{
	char spare[2 * PATH_MAX];
	if (++walk->links > MAXIMUM_LINKS) return ELOOP;
	if (!*text) return ENOENT;
	if (snprintf(spare, sizeof spare, "%s%s", text, after) >= (int)sizeof spare) return ENAMETOOLONG;
	strcpy(walk->rest, spare);
	if (*text == '/') strcpy(name, top);
	return 0;
}

/* Whether what a link in /proc leads to is in a read-only bind. */
static bool leads_to_readonly(int directory, const char *link)
{
	char text[PATH_MAX];
	const struct bind *best = NULL;
	if (link_text(directory, link, text) < 0) return false;
	for (size_t i = 0; i < bind_count; i++)
		if (is_below(text, binds[i].host, binds[i].host_length) && (!best || binds[i].host_length > best->host_length)) best = &binds[i];
	return best && best->readonly;
}

/* Fills in the place of a canonical name. */
static int settle(struct where *w, bool through)
{
	const struct bind *b = bind_of(w->name);
	const char *rest = w->name + b->name_length;
	w->readonly = b->readonly;
	w->through = through;
	w->mount_point = !*rest;
	if (!*rest) {
		w->directory = b->fd;
		strcpy(w->last, b->directory ? "." : last_part(b->host));
	} else {
		char parent[PATH_MAX];
		const char *last = last_part(w->name);
		size_t length = (size_t)(last - 1 - w->name);
		memcpy(parent, w->name, length);
		parent[length] = 0;
		w->directory = open_directory(parent, &w->owned);
		if (w->directory < 0) return errno;
		strcpy(w->last, last);
	}
	if (through && leads_to_readonly(w->directory, w->last)) w->readonly = true;
	w->failed = fstatat(w->directory, w->last, &w->st, through ? 0 : AT_SYMLINK_NOFOLLOW) ? errno : 0;
	return 0;
}

/* One part more, which is no link's: 0, an error number, or -1 to go on with another name. */
static int enter_directory(const struct call *call, struct walk *walk, char *name, size_t before, const char *after, const char *top)
{
	char text[PATH_MAX];
	bool owned;
	pid_t pid;
	if (!strncmp(name, "/proc/", 6)) {
		enum own_link kind = own_link_of(name, &pid);
		if (!strcmp(name, "/proc/self")) {
			sprintf(name, "/proc/%d", process_of(call->thread));
			return 0;
		}
		if (!strcmp(name, "/proc/thread-self")) {
			sprintf(name, "/proc/%d/task/%d", process_of(call->thread), call->thread);
			return 0;
		}
		if (kind != NO_LINK) {
			int failed = follow_own_link(kind, pid, name, text);
			if (failed) return failed > 0 ? failed : EACCES;
			strcpy(name, text);
			return 0;
		}
	}
	int fd = open_directory(name, &owned);
	if (fd >= 0) {
		if (owned) close(fd);
		return 0;
	}
	if (errno != ELOOP && errno != ENOTDIR) return errno;
	const struct bind *b = bind_of(name);
	if (!name[b->name_length]) return ENOTDIR;
	int n = link_text(b->fd, name + b->name_length + 1, text);
	if (n < 0) return n == -EINVAL ? ENOTDIR : -n;
	name[before] = 0;
	int failed = enter_link(walk, text, after, top, name);
	return failed ? failed : -1;
}

static int walk_name(const struct call *call, const char *base, const char *path, int how, struct where *w)
{
	struct walk walk = {.links = 0};
	const char *top = roots[state_of(call->thread).root];
	char text[PATH_MAX], *name = w->name;
	size_t path_length = strlen(path);
	strcpy(name, *path == '/' ? top : base);
	strcpy(walk.rest, path);
	w->must_be_directory = path_length && path[path_length - 1] == '/';
	for (char *part = walk.rest;;) {
		part += strspn(part, "/");
		size_t length = strcspn(part, "/"), before = strlen(name);
		if (!length) return settle(w, false);
		char *end = part + length;
		bool last = !end[strspn(end, "/")], slash = *end == '/';
		if (length == 1 && part[0] == '.') {
			part = end;
			if (last) w->must_be_directory = true;
			continue;
		}
		if (length == 2 && part[0] == '.' && part[1] == '.') {
			char *cut = strcmp(name, top) ? strrchr(name, '/') : NULL;
			if (cut) *cut = 0;
			part = end;
			if (last) w->must_be_directory = true;
			continue;
		}
		if (length > NAME_MAX || before + length + 2 > PATH_MAX) return ENAMETOOLONG;
		name[before] = '/';
		memcpy(name + before + 1, part, length);
		name[before + 1 + length] = 0;
		if (!last) {
			int failed = enter_directory(call, &walk, name, before, end, top);
			if (failed > 0) return failed;
			part = failed ? walk.rest : end;
			continue;
		}
		/* The last part. */
		pid_t pid;
		bool go_on = how & FOLLOW || (slash && !(how & ITSELF));
		enum own_link kind = own_link_of(name, &pid);
		bool self = !strcmp(name, "/proc/self") || !strcmp(name, "/proc/thread-self");
		if (go_on && (self || kind == EXE || kind == ROOT || kind == CWD)) {
			int failed = self ? enter_directory(call, &walk, name, before, end, top) : follow_own_link(kind, pid, name, text);
			if (failed > 0) return failed;
			if (failed < 0) return settle(w, true);
			if (!self) strcpy(name, text);
			return settle(w, false);
		}
		if (go_on && kind == OTHER) return settle(w, true);
		int failed = settle(w, false);
		if (failed || w->failed || !go_on || !S_ISLNK(w->st.st_mode)) return failed;
		int n = link_text(w->directory, w->last, text);
		close_where(w);
		if (n < 0) return -n;
		name[before] = 0;
		if ((failed = enter_link(&walk, text, end, top, name))) return failed;
		part = walk.rest;
	}
}

static char walked[2][PATH_MAX];
static int walked_count;

void begin_names(void)
{
	calls++;
	walked_count = 0;
}

const char *walked_name(int index) { return index < walked_count ? walked[index] : NULL; }

static void remember_name(const struct where *w)
{
	if (walked_count < 2) strcpy(walked[walked_count++], w->name);
}

int open_to_change(const char *name)
{
	const struct bind *b = bind_of(name);
	errno = EROFS;
	if (b->readonly || b->fleeting || !b->directory) return -1;
	const char *rest = name + b->name_length;
	return open_beneath(b->fd, *rest ? rest + 1 : "", 0);
}

/* The virtual name of a directory that the caller has open, or is in. */
static int name_of_directory(const struct call *call, int directory, char *to)
{
	static const char gone[] = " (deleted)";
	char link[64], text[PATH_MAX];
	struct stat st;
	if (directory == AT_FDCWD) snprintf(link, sizeof link, "%d/cwd", call->thread);
	else snprintf(link, sizeof link, "%d/fd/%d", call->thread, directory);
	int n = link_text(proc, link, text);
	if (n < 0) return n == -ENOENT ? EBADF : -n;
	if (text[0] != '/') return ENOTDIR;
	size_t length = (size_t)n, end = sizeof gone - 1;
	if (length > end && !strcmp(text + length - end, gone) && !fstatat(proc, link, &st, 0) && !st.st_nlink) return ENOENT;
	if (!to_virtual(without_slash(text), to)) return EACCES;
	return 0;
}

static int find_descriptor(const struct call *call, int descriptor, struct where *w)
{
	*w = (struct where){.directory = proc, .of_descriptor = true, .through = true};
	if (descriptor == AT_FDCWD) snprintf(w->last, sizeof w->last, "%d/cwd", call->thread);
	else if (descriptor < 0) return EBADF;
	else snprintf(w->last, sizeof w->last, "%d/fd/%d", call->thread, descriptor);
	w->failed = fstatat(proc, w->last, &w->st, 0) ? errno : 0;
	w->readonly = any_readonly && leads_to_readonly(proc, w->last);
	return w->failed == ENOENT ? EBADF : w->failed;
}

static int check_directory(int failed, const struct where *w)
{
	remember_name(w);
	return !failed && !w->failed && w->must_be_directory && !S_ISDIR(w->st.st_mode) ? ENOTDIR : failed;
}

int find_named(const struct call *call, int directory, const char *path, int how, struct where *w)
{
	char base[PATH_MAX] = "";
	if (!*path) return how & EMPTY ? find_descriptor(call, directory, w) : ENOENT;
	*w = (struct where){.directory = -1};
	if (*path == '/') return check_directory(walk_name(call, "", path, how, w), w);
	if (!strcmp(path, ".")) {
		int failed = find_descriptor(call, directory, w);
		w->must_be_directory = true;
		return failed ? failed : S_ISDIR(w->st.st_mode) ? 0 : ENOTDIR;
	}
	int failed = name_of_directory(call, directory, base);
	return failed ? failed : check_directory(walk_name(call, base, path, how, w), w);
}

int find_where(const struct call *call, int directory, uint64_t address, int how, struct where *w)
{
	char path[PATH_MAX] = "";
	*w = (struct where){.directory = -1};
	if (!address && how & EMPTY) return find_named(call, directory, "", how, w);
	if (!read_text(call, address, path, sizeof path)) return strnlen(path, sizeof path) == sizeof path ? ENAMETOOLONG : EFAULT;
	return find_named(call, directory, path, how, w);
}

void name_descriptor(struct where *w)
{
	char text[PATH_MAX];
	if (!w->through || link_text(w->directory, w->last, text) < 0 || !to_virtual(text, w->name)) w->name[0] = 0;
}

int open_where(const struct where *w)
{
	return openat(w->directory, w->last, O_PATH | O_CLOEXEC | (w->through ? 0 : O_NOFOLLOW));
}

const char *as_seen(const struct call *call, const char *name)
{
	const char *top = roots[state_of(call->thread).root];
	size_t length = strlen(top);
	if (is_below(name, top, length)) name += length;
	return *name ? name : "/";
}

int read_link(const struct call *call, const struct where *w, char *to)
{
	char name[PATH_MAX];
	pid_t pid;
	if (w->of_descriptor) {
		int fd = open_where(w), n = fd < 0 ? -1 : (int)readlinkat(fd, "", to, PATH_MAX), failed = errno;
		if (fd >= 0) close(fd);
		return n < 0 ? -failed : n;
	}
	if (!strcmp(w->name, "/proc/self")) return sprintf(to, "%d", process_of(call->thread));
	if (!strcmp(w->name, "/proc/thread-self")) return sprintf(to, "%d/task/%d", process_of(call->thread), call->thread);
	enum own_link kind = own_link_of(w->name, &pid);
	if (kind != NO_LINK) {
		int failed = follow_own_link(kind, pid, w->name, name);
		if (failed > 0) return -failed;
		if (!failed) return snprintf(to, PATH_MAX, "%s", as_seen(call, name));
	}
	int n = (int)readlinkat(w->directory, w->last, to, PATH_MAX);
	return n < 0 ? -errno : n;
}

int working_directory(const struct call *call, char *to)
{
	char name[PATH_MAX];
	int failed = name_of_directory(call, AT_FDCWD, name);
	if (failed) return failed;
	strcpy(to, as_seen(call, name));
	return 0;
}

int number_of_root(const char *name)
{
	for (int i = 0; i < root_count; i++)
		if (!strcmp(roots[i], name)) return i;
	if (root_count == MAXIMUM_ROOTS) return -ENOMEM;
	char *copy = strdup(name);
	if (!copy) return -ENOMEM;
	roots[root_count] = copy;
	return root_count++;
}
