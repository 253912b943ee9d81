/* Three processes:
 *
 *   launcher   started by the builder; makes the namespaces, answers system calls if ownership is virtual, and reports
 *              the end
 *   guard      process 1 of a namespace that the step can't see; dies with the launcher, and with it dies everything
 *   command    process 1 of the step's own namespace, as in a container
 *
 * The step may clear its own "die with the parent", the guard never does. So not even kill -9 of the launcher leaves
 * anything running. */
#include "step/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "ownership/call.h"
#include "step/execute.h"
#include "base/fail.h"
#include "step/filesystem.h"
#include "ownership/hooks.h"
#include "base/kernel.h"
#include "step/launcher.h"
#include "ownership/owners.h"
#include "step/pass-descriptor.h"
#include "step/privileges.h"
#include "virtual-root/run-virtual.h"
#include "ownership/set-id.h"
#include "step/spec.h"
#include "ownership/supervise.h"

/* A message to the launcher: the guard sends the end of the command, the command sends the listener. */
struct message {
	enum { ENDED, LISTENER } kind;
	int wait_status;
};

static _Noreturn void be_command(const struct spec *spec, int socket)
{
	prepare_process(spec);
	enter_root(spec);
	if (chdir(spec->cwd)) fail("change directory", spec->cwd);
	drop_privileges(spec);
	if (spec->owners_out) {
		int listener = install_hooks();
		if (listener < 0) fail("intercept system calls", NULL);
		struct message message = {.kind = LISTENER};
		if (!send_message(socket, &message, sizeof message, listener)) fail("hand over the listener", NULL);
	}
	execute(spec);
}

static _Noreturn void be_guard(const struct spec *spec, int socket)
{
	if (dup2(socket, 3) != 3) fail("keep the socket", NULL);
	socket = 3;
	close_from(4);
	die_with_parent(socket);
	if (unshare(CLONE_NEWPID)) fail("make namespaces", "pid");
	pid_t command = fork();
	if (command < 0) fail("fork", NULL);
	if (command == 0) be_command(spec, socket);
	/* Nothing to look into for whoever may trace. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	struct message message = {.kind = ENDED};
	while (waitpid(command, &message.wait_status, 0) < 0)
		if (errno != EINTR) fail("wait", NULL);
	_exit(send_message(socket, &message, sizeof message, -1) ? 0 : EXIT_FAILED);
}

static void kill_and_wait(pid_t guard)
{
	kill(guard, SIGKILL);
	while (waitpid(guard, NULL, 0) < 0 && errno == EINTR) {
	}
}

struct launcher {
	const struct spec *spec;
	pid_t guard;
	int socket, signals, proc, owners_out;
	struct supervisor *supervisor;
	int listener;
	bool ended;
	int wait_status;
};

static void on_signal(struct launcher *l)
{
	struct signalfd_siginfo info;
	if (read(l->signals, &info, sizeof info) != sizeof info) return;
	if (info.ssi_signo != SIGCHLD) {
		kill_and_wait(l->guard);
		die_of((int)info.ssi_signo);
	}
}

/* The descriptors of devices keep their inodes' numbers from coming back for other files. */
static void keep_files(const struct spec *spec)
{
	struct stat st;
	watch_set_ids(spec->has_user && spec->uid != 0);
	for (size_t i = 0; i < spec->kept_count; i++) {
		int fd = open(spec->kept[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && !fstat(fd, &st) && is_lost_by_writes(st.st_mode)) keep_set_id(fd, st.st_mode);
	}
}

static void on_message(struct launcher *l)
{
	struct message message;
	int fd;
	ssize_t n = receive_message(l->socket, &message, sizeof message, &fd);
	if (n < 0) fail("hear from the step", NULL);
	if (n == 0) {
		if (!l->ended) refuse("run", "the step's guard was killed");
		l->socket = -1;
		return;
	}
	if (message.kind == ENDED) {
		l->ended = true;
		l->wait_status = message.wait_status;
	} else if (fd >= 0) {
		/* By now the command has moved this process, too, into its root. */
		l->listener = fd;
		prepare_names(l->proc);
		keep_files(l->spec);
		l->supervisor = start_supervisor(fd, answer);
	}
}

static _Noreturn void be_launcher(struct launcher *l)
{
	while (!l->ended) {
		struct pollfd fds[] = {{l->socket, POLLIN, 0}, {l->signals, POLLIN, 0}, {l->listener, POLLIN, 0}, {set_id_events(), POLLIN, 0}};
		if (poll(fds, 4, -1) < 0 && errno != EINTR) fail("poll", NULL);
		if (fds[3].revents & POLLIN) restore_set_ids();
		if (fds[2].revents & POLLIN) answer_next(l->supervisor);
		else if (fds[2].revents) l->listener = -1; /* nobody is left who could call */
		if (fds[1].revents & POLLIN) on_signal(l);
		if (fds[0].revents) on_message(l);
	}
	while (waitpid(l->guard, NULL, 0) < 0 && errno == EINTR) {
	}
	restore_all_set_ids();
	if (l->owners_out >= 0 && l->supervisor) save_owners(l->owners_out, l->spec->owners_out);
	end_as(l->wait_status);
}

void run(void)
{
	static struct spec spec;
	read_spec(3, &spec);
	close_from(3);
	if (spec.virtual_root) run_virtually(&spec);
	choose_hooks(&spec);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* of the builder; its own namespace holds where this doesn't */
	struct launcher l = {.spec = &spec, .proc = -1, .owners_out = -1, .listener = -1};
	if (spec.owners_out) {
		l.owners_out = open_owners(&spec);
		l.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (l.proc < 0) fail("open", "/proc");
	}
	l.signals = open_signals();

	/* pivot_root moves the processes whose directory is the old root, and nothing else may hold on to it. */
	if (chdir("/")) fail("change directory", "/");
	int namespaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID | (spec.new_network ? CLONE_NEWNET : 0);
	if (unshare(namespaces)) fail("make namespaces", spec.new_network ? "mount, ipc, uts, pid, net" : "mount, ipc, uts, pid");
	int sockets[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) fail("make a socket", NULL);
	l.guard = fork();
	if (l.guard < 0) fail("fork", NULL);
	if (l.guard == 0) {
		close(sockets[0]);
		be_guard(&spec, sockets[1]);
	}
	close(sockets[1]);
	l.socket = sockets[0];
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* From here on the launcher acts for the step. Names in the host's own /proc could lead it to processes of others,
	 * so it must not be able to look into those. */
	if (spec.owners_out) drop_to_step(&spec, !spec.bind_proc);
	be_launcher(&l);
}
