/* Makes system calls by number, each in a process of its own, and says what came of them: a line with the number and
 * 0, or the error number. Arguments: a directory, then words such as `257:dn0`: the number, and a letter for each
 * argument. A number may be one of x32; `ia32:5` is the call 5 of 32-bit programs, with names and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Below 4 GiB, where a 32-bit call finds it. */
struct memory {
	char old_name[256], new_name[256], zeros[4096];
	struct sockaddr_un address;
	struct iovec nothing;
	struct mmsghdr message;
};
static struct memory *memory;

static long argument(char letter)
{
	switch (letter) {
	case 'd': return AT_FDCWD;
	case 'n': return (long)memory->old_name;
	case 'w': return (long)memory->new_name;
	case 'b': return (long)memory->zeros;
	case 's': return 64; /* the size of what is at `b` */
	case 'a': return (long)&memory->address;
	case 'l': return sizeof memory->address;
	case 'm': return (long)&memory->message;
	case 'k': return socket(AF_UNIX, SOCK_DGRAM, 0);
	case 'i': return inotify_init();
	default: return letter - '0';
	}
}

static int call_ia32(long number)
{
#ifdef __x86_64__
	long result, name = (long)memory->old_name;
	__asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(name), "c"(0L), "d"(name) : "memory");
	return (int)result < 0 ? -(int)result : 0;
#else
	(void)number;
	return ENOSYS;
#endif
}

static int call(const char *word)
{
	char *end;
	long args[6] = {0};
	if (!strncmp(word, "ia32:", 5)) return call_ia32(atol(word + 5));
	long number = strtol(word, &end, 10);
	for (int i = 0; i < 6 && *end && end[1]; i++) args[i] = argument(*++end);
	return syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]) < 0 ? errno : 0;
}

int main(int argc, char **argv)
{
	memory = mmap(NULL, sizeof *memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (argc < 3 || memory == MAP_FAILED) return 2;
	snprintf(memory->old_name, sizeof memory->old_name, "%s/file", argv[1]);
	snprintf(memory->new_name, sizeof memory->new_name, "%s/new", argv[1]);
	memory->address.sun_family = AF_UNIX;
	snprintf(memory->address.sun_path, sizeof memory->address.sun_path, "%s/socket", argv[1]);
	memory->nothing = (struct iovec){memory->zeros, 1};
	memory->message.msg_hdr = (struct msghdr){&memory->address, sizeof memory->address, &memory->nothing, 1};
	for (int i = 2; i < argc; i++) {
		int status;
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			alarm(10);
			_exit(call(argv[i]));
		}
		while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
		}
		if (WIFEXITED(status)) printf("%s %d\n", argv[i], WEXITSTATUS(status));
		else printf("%s %s\n", argv[i], sigabbrev_np(WTERMSIG(status)));
	}
	return 0;
}
