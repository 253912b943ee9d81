#include "step/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "step/spec.h"

/* Opens a path of the root. The image may be hostile: no link is followed, and nothing outside is reached. Returns -1
 * with errno. */
static int find(int root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static int must_find(int root, const char *path)
{
	int fd = find(root, path);
	if (fd < 0) fail("find mount point", path);
	return fd;
}

/* A name for what a descriptor holds, which mount(2) wants. */
struct link {
	char path[32];
};
static struct link link_of(int fd)
{
	struct link link;
	snprintf(link.path, sizeof link.path, "/proc/self/fd/%d", fd);
	return link;
}

/* Adds restrictions to the mount at a path, and with `recursive` to all below it; -1 with errno. */
static int restrict_mount(int root, const char *path, unsigned attributes, bool recursive)
{
	int fd = find(root, path);
	if (fd < 0) return -1;
	struct mount_attributes set = {.set = attributes};
	int result = (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &set, sizeof set);
	if (result && errno == ENOSYS && !recursive) {
		/* Linux before 5.12: one by one, and with all that is locked already. */
		struct statvfs now;
		unsigned long flags = MS_REMOUNT | MS_BIND;
		if (!fstatvfs(fd, &now)) {
			flags |= now.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME | ST_NODIRATIME | ST_RELATIME);
			if (attributes & ATTR_RDONLY) flags |= MS_RDONLY;
			if (attributes & ATTR_NOSUID) flags |= MS_NOSUID;
			if (attributes & ATTR_NODEV) flags |= MS_NODEV;
			if (attributes & ATTR_NOEXEC) flags |= MS_NOEXEC;
			result = mount(NULL, link_of(fd).path, NULL, flags, NULL);
		}
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static int mount_at(int root, const char *path, const char *source, const char *type, unsigned long flags, const char *options)
{
	int fd = must_find(root, path);
	int result = mount(source, link_of(fd).path, type, flags, options), saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static void must_mount(int root, const char *path, const char *source, const char *type, unsigned long flags, const char *options)
{
	if (mount_at(root, path, source, type, flags, options)) fail("mount", path);
}

/* A bind mount with all that is mounted below the source. Read-only holds for those too, or is refused. */
static void bind_at(int root, const char *path, const char *source, unsigned attributes)
{
	must_mount(root, path, source, NULL, MS_BIND | MS_REC, NULL);
	if (attributes && !restrict_mount(root, path, attributes, true)) return;
	if (attributes && errno != ENOSYS) fail("restrict mount", path);
	if (!attributes) return;
	/* Linux before 5.12 knows only one mount at a time: then without those below, which would stay writable. */
	int fd = must_find(root, path);
	if (umount2(link_of(fd).path, MNT_DETACH)) fail("unmount", path);
	close(fd);
	must_mount(root, path, source, NULL, MS_BIND, NULL);
	if (restrict_mount(root, path, attributes, false)) fail("restrict mount", path);
}

static void mount_proc(int root, const struct spec *spec)
{
	if (spec->bind_proc) must_mount(root, "/proc", "/proc", NULL, MS_BIND | MS_REC, NULL);
	else must_mount(root, "/proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void mount_sys(int root, const struct spec *spec)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (spec->writable_sys ? 0 : MS_RDONLY);
	if (!mount_at(root, "/sys", "sysfs", "sysfs", flags, NULL)) return;
	/* A user namespace may only mount a sysfs for a network of its own. */
	if (errno != EPERM) fail("mount", "/sys");
	bind_at(root, "/sys", "/sys", spec->writable_sys ? 0 : ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
}

static void make_directory(int dev, const char *name, mode_t mode)
{
	if (mkdirat(dev, name, mode)) fail("make /dev directory", name);
}

static bool is_mounted_for_step(const struct spec *spec, const char *target)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (!strcmp(spec->mounts[i].target, target)) return true;
	return false;
}

static void mount_dev(int root, const struct spec *spec)
{
	static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
	static const char *const links[][2] = {
		{"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"}, {"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"},
	};
	char path[64], options[64];
	must_mount(root, "/dev", "tmpfs", "tmpfs", MS_NOSUID | MS_STRICTATIME | (spec->allow_devices ? 0 : MS_NODEV), "mode=755,size=65536k");
	int dev = must_find(root, "/dev");

	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		snprintf(path, sizeof path, "/dev/%s", nodes[i]);
		if (access(path, F_OK) && errno == ENOENT && i > 1) continue; /* a place without /dev/tty can't lend it */
		int file = openat(dev, nodes[i], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
		if (file < 0) fail("make", path);
		close(file);
		/* The machine's own: a step must not change its mode or times. Read-only mounts of devices can be written to. */
		bind_at(root, path, path, ATTR_RDONLY);
	}
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i][0], dev, links[i][1])) fail("make link in /dev", links[i][1]);
	make_directory(dev, "pts", 0755);
	make_directory(dev, "shm", 01777);
	make_directory(dev, "mqueue", 01777);
	close(dev);

	unsigned long flags = MS_NOSUID | MS_NOEXEC;
	if (mount_at(root, "/dev/pts", "devpts", "devpts", flags, "newinstance,ptmxmode=0666,mode=0620,gid=5")) {
		/* Where there is no group 5. */
		if (errno != EINVAL) fail("mount", "/dev/pts");
		must_mount(root, "/dev/pts", "devpts", "devpts", flags, "newinstance,ptmxmode=0666,mode=0620");
	}
	flags |= MS_NODEV;
	if (spec->shm_size) snprintf(options, sizeof options, "mode=1777,size=%llu", (unsigned long long)spec->shm_size);
	else strcpy(options, "mode=1777");
	/* A mount of the step takes the place of this one. */
	if (!is_mounted_for_step(spec, "/dev/shm")) must_mount(root, "/dev/shm", "shm", "tmpfs", flags, options);
	if (mount_at(root, "/dev/mqueue", "mqueue", "mqueue", flags, NULL) && errno != ENODEV) fail("mount", "/dev/mqueue");
}

/* Whether a mount is in /dev or in an earlier tmpfs. These are new: nobody could prepare a mount point there. */
static bool is_in_new(const struct spec *spec, size_t index)
{
	const char *target = spec->mounts[index].target;
	if (!strncmp(target, "/dev/", 5)) return true;
	for (size_t i = 0; i < index; i++) {
		const struct step_mount *outer = &spec->mounts[i];
		size_t length = strlen(outer->target);
		if (!outer->source && !strncmp(target, outer->target, length) && target[length] == '/') return true;
	}
	return false;
}

/* Names are plain, since `find` follows no links and a new directory has none. */
static void make_point(int root, const struct step_mount *m)
{
	struct stat st;
	char path[PATH_MAX];
	int above = find(root, m->target);
	if (above >= 0) close(above);
	if (above >= 0 || errno != ENOENT) return;
	bool file = m->source && !stat(m->source, &st) && !S_ISDIR(st.st_mode);
	int n = snprintf(path, sizeof path, "%s", m->target);
	if (n < 0 || (size_t)n >= sizeof path) refuse("mount point", "its name is too long");
	for (char *slash = path + 1;; slash++) {
		slash += strcspn(slash, "/");
		bool last = !*slash;
		*slash = 0;
		int parent = -1, there = find(root, path);
		if (there < 0) {
			char *name = strrchr(path, '/');
			*name = 0;
			parent = must_find(root, path);
			*name = '/';
			there = file && last ? openat(parent, name + 1, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644) : mkdirat(parent, name + 1, 0755);
			if (there < 0) fail("make mount point", path);
			if (!(file && last)) there = -1;
			close(parent);
		}
		if (there >= 0) close(there);
		if (last) return;
		*slash = '/';
	}
}

static void mount_for_step(int root, const struct spec *spec)
{
	unsigned nodev = spec->allow_devices ? 0 : ATTR_NODEV;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct step_mount *m = &spec->mounts[i];
		char options[64];
		if (is_in_new(spec, i)) make_point(root, m);
		if (m->source) {
			bind_at(root, m->target, m->source, nodev | (m->readonly ? ATTR_RDONLY : 0));
		} else {
			int n = snprintf(options, sizeof options, "mode=%o", m->mode);
			if (m->size) snprintf(options + n, sizeof options - (size_t)n, ",size=%llu", (unsigned long long)m->size);
			must_mount(root, m->target, "tmpfs", "tmpfs", MS_NOSUID | MS_NODEV, options);
		}
	}
}

/* Hides a file or directory; what isn't there needs no hiding. */
static void mask(int root, const char *path)
{
	struct stat st;
	int fd = find(root, path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return;
	if (fd < 0 || fstat(fd, &st)) fail("find masked path", path);
	close(fd);
	if (S_ISDIR(st.st_mode)) must_mount(root, path, "tmpfs", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755");
	else bind_at(root, path, "/dev/null", ATTR_RDONLY);
}

static void make_readonly(int root, const char *path)
{
	int fd = find(root, path);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return;
	if (fd < 0) fail("find read-only path", path);
	int failed = mount(link_of(fd).path, link_of(fd).path, NULL, MS_BIND | MS_REC, NULL);
	if (failed) fail("bind", path);
	close(fd);
	if (restrict_mount(root, path, ATTR_RDONLY, true) && (errno != ENOSYS || restrict_mount(root, path, ATTR_RDONLY, false))) fail("restrict mount", path);
}

void enter_root(const struct spec *spec)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("make mounts private", NULL);
	if (mount(spec->root, spec->root, NULL, MS_BIND | MS_REC, NULL)) fail("mount", spec->root);
	int root = open(spec->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) fail("open", spec->root);
	/* Whoever may make device nodes must not reach the machine's disks with them. */
	if (!spec->allow_devices && restrict_mount(root, "/", ATTR_NODEV, false)) fail("restrict mount", spec->root);

	mount_proc(root, spec);
	mount_dev(root, spec);
	mount_sys(root, spec);
	mount_for_step(root, spec);
	for (char **path = spec->masked; *path; path++) mask(root, *path);
	for (char **path = spec->readonly; *path; path++) make_readonly(root, *path);

	/* The new root goes on top of the old one, which so needs no directory in it, and then the one below is let go. */
	if (fchdir(root)) fail("change directory", spec->root);
	close(root);
	if (syscall(SYS_pivot_root, ".", ".")) fail("pivot_root", spec->root);
	if (umount2(".", MNT_DETACH)) fail("detach the old root", NULL);
	if (chdir("/")) fail("change directory", "/");
}
