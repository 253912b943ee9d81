/* Makes system calls that busybox does not, and says what came of them. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *name(int failed) { return failed ? strerrorname_np(errno) : "ok"; }
#define SAY(...) (printf(__VA_ARGS__), putchar('\n'), fflush(stdout))

static void ids(const char *when)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	getresuid(&r, &e, &s), getresgid(&rg, &eg, &sg);
	SAY("%s: %u %u %u, %u %u %u", when, r, e, s, rg, eg, sg);
}

static void *thread(void *of)
{
	struct stat st;
	stat("mine", &st);
	SAY("%s: %u, file of %u", (const char *)of, geteuid(), st.st_uid);
	return NULL;
}

static void in_thread(const char *what)
{
	pthread_t t;
	pthread_create(&t, NULL, thread, (void *)what);
	pthread_join(t, NULL);
}

static void users(void)
{
	gid_t groups[] = {7, 5, 6}, got[8];
	struct stat st;
	int fd = open("mine", O_CREAT | O_EXCL | O_RDWR, 0640);
	fchown(fd, 12, 34), fstat(fd, &st);
	SAY("fchown: %u:%u %o", st.st_uid, st.st_gid, st.st_mode & 07777);
	SAY("setgroups: %s", name(setgroups(3, groups)));
	int n = getgroups(8, got);
	SAY("getgroups: %d, %u %u %u", n, got[0], got[1], got[2]);
	SAY("too small: %s", name(getgroups(2, got) < 0));
	in_thread("thread of root");
	ids("first");
	SAY("seteuid: %s", name(seteuid(100)));
	ids("lowered");
	SAY("and back: %s", name(seteuid(0)));
	setfsuid(55);
	SAY("setfsuid: %d", setfsuid(-1));
	close(open("fs", O_CREAT | O_WRONLY, 0600)), stat("fs", &st), setfsuid(0);
	SAY("its file: %u", st.st_uid);
	SAY("setresgid: %s", name(setresgid(1, 2, 3)));
	SAY("setresuid: %s", name(setresuid(100, 101, 102)));
	ids("then");
	SAY("wrong: %s %s %s %s", name(setuid(0)), name(setresuid(-1, 0, -1)), name(setgid(0)), name(setgroups(0, NULL)));
	SAY("setreuid: %s", name(setreuid(-1, 102)));
	ids("swapped");
	in_thread("thread of another");
	SAY("setuid: %s", name(setuid(100)));
	ids("setuid");
	SAY("setuid(-1): %s", name(setuid(-1)));
	fd = open("own", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444), fstat(fd, &st);
	SAY("own: %u:%u %o, written %zd, cloexec %d", st.st_uid, st.st_gid, st.st_mode & 07777, write(fd, "x", 1), fcntl(fd, F_GETFD));
	SAY("again: %s", name(open("own", O_CREAT | O_EXCL | O_WRONLY, 0444) < 0));
	struct statx sx;
	SAY("statx: %s", name(statx(AT_FDCWD, "own", 0, STATX_BASIC_STATS, &sx)));
	SAY("it: %u:%u %o", sx.stx_uid, sx.stx_gid, sx.stx_mode & 07777);
	sx.stx_uid = 0;
	SAY("statx of a descriptor: %s", name(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx)));
	SAY("it: %u", sx.stx_uid);
	SAY("nowhere: %s, nobody: %s", name(stat("own", (struct stat *)8)), name(statx(-1, "", AT_EMPTY_PATH, 0, &sx)));
}

static void sockets(void)
{
	int pair[2], peer[3], child;
	socklen_t size = sizeof peer;
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, peer, &size);
	SAY("of its own: %d, %d:%d", peer[0] == getpid(), peer[1], peer[2]);
	struct sockaddr_un at = {AF_UNIX, "socket"};
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	umask(0), bind(server, (void *)&at, sizeof at), listen(server, 1);
	if (!(child = fork())) {
		setresgid(20, 20, 20), setresuid(10, 10, 10);
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		connect(fd, (void *)&at, sizeof at), pause();
	}
	int fd = accept(server, NULL, NULL);
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size);
	SAY("of the child: %d, %d:%d", peer[0] == child, peer[1], peer[2]);
	size = 4;
	SAY("too small: %s", name(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size)));
	kill(child, SIGKILL);
}

static void limit(const char *when, int failed, const struct rlimit *l)
{
	if (failed) SAY("%s: %s", when, name(1));
	else SAY("%s: %lld %lld", when, (long long)l->rlim_cur, (long long)l->rlim_max);
}

/* The limit whose place keeps the number of the virtual user. */
static void limits(void)
{
	struct rlimit set = {RLIM_INFINITY, RLIM_INFINITY}, got = {0};
	limit("first", getrlimit(RLIMIT_RTTIME, &got), &got);
	setresuid(10, 10, 0);
	SAY("set as it is: %s, user %u", name(setrlimit(RLIMIT_RTTIME, &set)), getuid());
	set = (struct rlimit){1000, 5000};
	limit("lower", prlimit(0, RLIMIT_RTTIME, &set, &got), &got);
	limit("lowered", prlimit(getpid(), RLIMIT_RTTIME, NULL, &got), &got);
	SAY("user %u", getuid());
	SAY("back: %s", name(setresuid(0, 0, 0)));
	set.rlim_cur = 6000;
	SAY("soft above hard: %s", name(setrlimit(RLIMIT_RTTIME, &set)));
	int child = fork();
	if (!child) pause();
	set = (struct rlimit){3, 4};
	limit("another's", prlimit(child, RLIMIT_RTTIME, &set, &got), &got);
	limit("and then", prlimit(child, RLIMIT_RTTIME, NULL, &got), &got);
	limit("nobody's", prlimit(999999, RLIMIT_RTTIME, NULL, &got), &got);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	limit("gone", prlimit(child, RLIMIT_RTTIME, &set, &got), &got);
	SAY("nowhere: %s %s", name(setrlimit(RLIMIT_RTTIME, (void *)8)), name(getrlimit(RLIMIT_RTTIME, (void *)8)));
	limit("files", getrlimit(RLIMIT_CORE, &got) || setrlimit(RLIMIT_CORE, &got), &(struct rlimit){0, 0});
}

static void ways_around(void)
{
	long how[3] = {O_CREAT | O_WRONLY, 0600, 0};
	SAY("openat2: %s", name(syscall(437, AT_FDCWD, "x", how, sizeof how) < 0));
	SAY("io_uring: %s", name(syscall(425, 1, NULL) < 0));
	SAY("O_TMPFILE: %s", name(open(".", O_TMPFILE | O_RDWR, 0600) < 0));
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct stat st;
	munmap(page + 4096, 4096), strcpy(page + 4093, "no");
	SAY("at the end of memory: %s", name(stat(page + 4093, &st)));
	memset(page, 'a', 4096);
	SAY("no end: %s, no memory: %s", name(stat(page, &st)), name(chown((char *)8, 1, 1)));
	int fd = open("orphan", O_CREAT | O_RDWR, 0600);
	unlink("orphan"), fchown(fd, 66, 66), fstat(fd, &st);
	SAY("orphan: %u", st.st_uid);
	close(fd), close(open("next", O_CREAT | O_WRONLY, 0600)), stat("next", &st);
	SAY("next: %u", st.st_uid);
}

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) { (void)signal, alarms++; }

/* Calls that a signal interrupts are done once. */
static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, 100}, {0, 100}};
	char path[32];
	int failures = 0;
	setresuid(9, 9, 9);
	sigaction(SIGALRM, &action, NULL), setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof path, "i%d", i);
		failures += mkdir(path, 0700) != 0;
		int fd = open("f", O_CREAT | O_EXCL | O_WRONLY, 0600);
		failures += fd < 0 || close(fd) || unlink("f") || rmdir(path);
	}
	SAY("interrupted: %d, failures: %d", alarms > 10, failures);
}

static void capabilities(void)
{
	unsigned char value[20] = {1, 0, 0, 2, 0, 32}, got[32];
	close(open("cap", O_CREAT | O_WRONLY, 0755));
	SAY("none: %s", name(getxattr("cap", "security.capability", got, 32) < 0));
	SAY("set: %s", name(setxattr("cap", "security.capability", value, 20, 0)));
	ssize_t n = getxattr("cap", "security.capability", got, 32);
	SAY("get: %zd, same %d", n, !memcmp(got, value, 20));
	SAY("size: %zd, too small: %s", lgetxattr("cap", "security.capability", NULL, 0), name(getxattr("cap", "security.capability", got, 3) < 0));
	SAY("again: %s, nonsense: %s", name(setxattr("cap", "security.capability", value, 20, XATTR_CREATE)), name(setxattr("cap", "security.capability", value, 7, 0)));
	SAY("another: %s", name(setxattr("cap", "user.x", value, 2, 0)));
	int fd = open("cap", O_RDONLY);
	SAY("remove: %s", name(fremovexattr(fd, "security.capability")));
	SAY("gone: %s", name(fgetxattr(fd, "security.capability", got, 32) < 0));
	SAY("set by fd: %s", name(fsetxattr(fd, "security.capability", value, 20, 0)));
}

/* Under Docker's seccomp profile, as root with Docker's capabilities. */
static void filtered(void)
{
	SAY("keyctl: %s", name(syscall(SYS_keyctl, 0, 0, 0) < 0));
	SAY("unshare: %s", name(syscall(SYS_unshare, 0x10000000) < 0));
	SAY("clone with a namespace: %s", name(syscall(SYS_clone, 0x10000011, 0, 0, 0, 0) < 0));
	SAY("clone3: %s", name(syscall(435, NULL, 0) < 0));
	SAY("mount: %s", name(syscall(SYS_mount, 0, 0, 0, 0, 0) < 0));
	SAY("bpf: %s", name(syscall(SYS_bpf, 0, 0, 0) < 0));
	SAY("personality: %s %s", name(syscall(SYS_personality, 0xffffffff) < 0), name(syscall(SYS_personality, 5) < 0));
	SAY("sockets: %s %s %s", name(socket(AF_UNIX, SOCK_STREAM, 0) < 0), name(socket(38, SOCK_SEQPACKET, 0) < 0), name(socket(40, SOCK_STREAM, 0) < 0));
	SAY("no such call: %s", name(syscall(5000) < 0));
	SAY("x32: %s", name(syscall(0x40000000 + 39) < 0));
	pid_t child = fork();
	if (!child) _exit(7);
	int status;
	waitpid(child, &status, 0);
	SAY("fork: %d", WEXITSTATUS(status));
	in_thread("thread");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (!strcmp(what, "users")) users();
	else if (!strcmp(what, "sockets")) sockets();
	else if (!strcmp(what, "limits")) limits();
	else if (!strcmp(what, "ways-around")) ways_around();
	else if (!strcmp(what, "interrupted")) interrupted();
	else if (!strcmp(what, "capabilities")) capabilities();
	else if (!strcmp(what, "filtered")) filtered();
	else if (!strcmp(what, "no-new-privileges")) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), execl("/bin/calls", "calls", NULL);
	else ids("ids");
	return 0;
}
