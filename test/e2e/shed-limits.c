/* A process that gives up all that it got from its parent but its parent: its limits, session, files and environment.
 * Then it sleeps for as long as the argument says. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/resource.h>

int main(int argc, char **argv)
{
	if (argc != 2) return 2;
	for (int child = 0; child < 2; child++) {
		if (fork()) return 0;
		setsid();
	}
	struct rlimit limit = {1 << 30, 1 << 30};
	if (setrlimit(RLIMIT_RTTIME, &limit)) perror("setrlimit");
	for (int file = 0; file < 3; file++) close(file);
	open("/", O_RDONLY);
	char *args[] = {"sleep", argv[1], NULL}, *none[] = {NULL};
	execve("/bin/sleep", args, none);
	return 1;
}
