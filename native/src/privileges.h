#ifndef PRIVILEGES_H
#define PRIVILEGES_H

struct spec;

/* What only privilege can do before the command: a keyring and a session of its own, a host name, a loopback interface. */
void prepare_process(const struct spec *spec);
/* Gives up what the command must not have: capabilities beyond the bounding set, and where it isn't virtual the user itself. */
void drop_privileges(const struct spec *spec);
void install_filter(const struct spec *spec);

#endif
