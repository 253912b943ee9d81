/* Two processes: the launcher, which answers, and the command. There is no process namespace, so the launcher becomes
 * the parent of all that the step leaves behind, and kills it. If the launcher itself is killed, what is left can open
 * and execute nothing any more: its calls fail with ENOSYS. */
#include "virtual-root/run-virtual.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "ownership/call.h"
#include "step/execute.h"
#include "base/fail.h"
#include "base/kernel.h"
#include "step/launcher.h"
#include "virtual-root/names.h"
#include "ownership/owners.h"
#include "step/pass-descriptor.h"
#include "step/privileges.h"
#include "virtual-root/programs.h"
#include "virtual-root/rewrite.h"
#include "step/spec.h"
#include "virtual-root/state.h"
#include "ownership/supervise.h"
#include "virtual-root/virtual.h"
#include "virtual-root/virtual-hooks.h"

struct launcher {
	const struct spec *spec;
	pid_t command;
	int signals, owners_out, listener;
	struct supervisor *supervisor;
	bool ended;
	int wait_status;
};

/* Memory for arguments of the command's process until it executes its program. The launcher has it at the same
 * address. */
static char first_scratch[SCRATCH_SIZE];

static void set_first_state(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_LOCKS, &limit) || limit.rlim_max != RLIM_INFINITY) refuse("virtual root", "the hard limit locks has to be unlimited");
	int failed = change_state(0, (struct state){.umask = 022});
	if (failed) errno = failed, fail("set limit", "locks");
}

/* Installs the hooks and hands the listener over. sendmsg is hooked, too, so a process that shares the descriptors, and
 * began before, sends it. */
static void install_and_hand_over(int socket)
{
	int numbers[2], listener, status;
	if (pipe2(numbers, O_CLOEXEC)) fail("make a pipe", NULL);
	pid_t sender = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (sender < 0) fail("fork", NULL);
	if (sender == 0) {
		char byte = 0;
		_exit(read(numbers[0], &listener, sizeof listener) == sizeof listener && send_message(socket, &byte, 1, listener) ? 0 : EXIT_FAILED);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("set no_new_privs", NULL);
	listener = install_virtual_hooks();
	if (listener < 0) {
		kill(sender, SIGKILL);
		fail("intercept system calls", NULL);
	}
	if (write(numbers[1], &listener, sizeof listener) != sizeof listener) fail("hand over the listener", NULL);
	while (waitpid(sender, &status, 0) < 0 && errno == EINTR) {
	}
	if (status) refuse("hand over the listener", "the process for it failed");
	close(listener);
}

static _Noreturn void be_command(const struct spec *spec, int socket, const struct rlimit *files)
{
	die_with_parent(socket);
	if (setrlimit(RLIMIT_NOFILE, files)) fail("set limit", "nofile");
	(void)!syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL);
	if (!isatty(STDIN_FILENO)) setsid();
	umask(022);
	if (chdir(spec->root)) fail("change directory", spec->root);
	drop_without_namespaces(spec);
	set_first_state();
	install_and_hand_over(socket);
	/* From here on names are those of the virtual root. */
	if (chdir(spec->cwd)) fail("change directory", spec->cwd);
	execute(spec);
}

/* Whether this process is the parent, after a line such as `812 (name) S 1 …`. */
static bool is_own_child(const char *pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0) close(fd);
	if (n <= 0) return false;
	text[n] = 0;
	const char *end = strrchr(text, ')');
	return end && strlen(end) > 4 && atoi(end + 4) == getpid();
}

/* Kills all that is left of the step, and waits for it. Children of what dies become this process's. */
static void kill_all(void)
{
	for (;;) {
		DIR *processes = opendir("/proc");
		if (!processes) fail("look at", "/proc");
		for (struct dirent *entry; (entry = readdir(processes));)
			if (isdigit((unsigned char)entry->d_name[0]) && is_own_child(entry->d_name)) kill(atoi(entry->d_name), SIGKILL);
		closedir(processes);
		/* One dies at least, unless there is none. */
		pid_t pid;
		do pid = waitpid(-1, NULL, __WALL);
		while (pid < 0 && errno == EINTR);
		if (pid < 0) return;
		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {
		}
	}
}

static void reap(struct launcher *l)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
		on_stopped(pid, status);
		if (pid != l->command || WIFSTOPPED(status)) continue;
		l->ended = true;
		l->wait_status = status;
	}
}

static void on_signal(struct launcher *l)
{
	struct signalfd_siginfo info;
	while (read(l->signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD) continue;
		kill_all();
		die_of((int)info.ssi_signo);
	}
	reap(l);
}

static _Noreturn void answer_until_end(struct launcher *l)
{
	while (!l->ended) {
		struct pollfd fds[] = {{l->signals, POLLIN, 0}, {l->listener, POLLIN, 0}};
		if (poll(fds, 2, -1) < 0 && errno != EINTR) fail("poll", NULL);
		if (fds[1].revents & POLLIN) answer_next(l->supervisor);
		else if (fds[1].revents) l->listener = -1; /* nobody is left who could call */
		if (fds[0].revents & POLLIN) on_signal(l);
	}
	kill_all();
	save_owners(l->owners_out, l->spec->owners_out);
	end_as(l->wait_status);
}

/* As many descriptors as there may be: one a directory that is kept open, some for each process that is being
 * answered. */
static struct rlimit raise_files(void)
{
	struct rlimit before, most;
	if (getrlimit(RLIMIT_NOFILE, &before)) fail("get limit", "nofile");
	most = before;
	most.rlim_cur = most.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &most)) fail("set limit", "nofile");
	return before;
}

/* Everybody can read the limits of a process: so the builder finds what is left if this process is killed. */
static void set_mark(const struct spec *spec)
{
	struct rlimit limit = {spec->mark, spec->mark};
	if (spec->mark && setrlimit(RLIMIT_RTTIME, &limit)) fail("set limit", "rttime");
}

static void bind_all(const struct spec *spec, int proc)
{
	set_virtual_root(spec->root, proc);
	add_bind("/proc", "/proc", false);
	add_bind("/sys", "/sys", true);
	for (size_t i = 0; i < spec->mount_count; i++) add_bind(spec->mounts[i].source, spec->mounts[i].target, spec->mounts[i].readonly);
	open_binds();
}

void run_virtually(const struct spec *spec)
{
	set_mark(spec);
	struct launcher l = {.spec = spec, .owners_out = open_owners(spec)};
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), sockets[2];
	if (proc < 0) fail("open", "/proc");
	struct rlimit files = raise_files();
	bind_all(spec, proc);
	prepare_names(proc);
	set_virtual_host_name(spec->hostname);
	set_virtual_capabilities(spec->has_bounding ? spec->bounding : UINT64_MAX >> 23);
	prepare_programs((uint64_t)(uintptr_t)first_scratch);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) fail("become a subreaper", NULL);
	l.signals = open_signals();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) fail("make a socket", NULL);
	l.command = fork();
	if (l.command < 0) fail("fork", NULL);
	if (l.command == 0) {
		close(sockets[0]);
		be_command(spec, sockets[1], &files);
	}
	close(sockets[1]);
	umask(0);
	char byte;
	if (receive_message(sockets[0], &byte, 1, &l.listener) != 1 || l.listener < 0) {
		int status;
		while (waitpid(l.command, &status, 0) < 0 && errno == EINTR) {
		}
		end_as(status);
	}
	/* The socket stays open: the command looks at it to know that its parent lives. */
	l.supervisor = start_supervisor(l.listener, answer_virtually);
	answer_until_end(&l);
}
