#ifndef PASS_DESCRIPTOR_H
#define PASS_DESCRIPTOR_H

#include <stddef.h>
#include <sys/types.h>

/* One message over a SOCK_SEQPACKET socket, with a descriptor or -1 for none. False with errno. */
_Bool send_message(int socket, const void *bytes, size_t size, int fd);
/* Bytes read, 0 when the other ends are closed, -1 with errno. `*fd` is -1 if none came. */
ssize_t receive_message(int socket, void *bytes, size_t size, int *fd);

#endif
