#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

struct spec;

/* The preparations that need privilege: a keyring and a session of its own, a host name, a loopback interface. */
void prepare_process(const struct spec *spec);
/* Gives up capabilities beyond the bounding set, and root itself unless the user is virtual. */
void drop_privileges(const struct spec *spec);
/* Leaves a process that acts for the step the step's rights, and with `trace` the right to look into its processes. */
void drop_to_step(const struct spec *spec, bool trace);
/* Limits and capabilities of a command that gets no namespaces, as far as this process may drop them. */
void drop_without_namespaces(const struct spec *spec);
void install_filter(const struct spec *spec);

#endif
