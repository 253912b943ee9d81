/* Parts of a step's launcher, whatever kind of root the step has. */
#ifndef LAUNCHER_H
#define LAUNCHER_H

struct spec;

/* The calling process dies with its parent, whose end of the socket is open as long as it lives. */
void die_with_parent(int socket);
/* Ends this process as the signal would, without a core. */
_Noreturn void die_of(int signal);
/* Ends this process as the command ended. */
_Noreturn void end_as(int wait_status);
/* A signalfd of SIGCHLD and the signals that end the launcher, which are blocked from now on. */
int open_signals(void);
/* Reads the owners and users that the step begins with. The file for those that it ends with, open. */
int open_owners(const struct spec *spec);

#endif
