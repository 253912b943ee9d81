/* The answers in a virtual root: every call that takes a name is done here, or by the caller with another name. None is
 * ever passed to the kernel with the caller's own name, which would be a name of the host. */
#ifndef VIRTUAL_H
#define VIRTUAL_H

#include "ownership/call.h"
#include "virtual-root/names.h"
#include "ownership/owners.h"

/* virtual-files.c: what makes, opens and removes files. */
struct reply virtual_open(const struct call *call, int directory, uint64_t path, int flags, mode_t mode);
struct reply virtual_mkdir(const struct call *call, int directory, uint64_t path, mode_t mode);
struct reply virtual_mknod(const struct call *call, int directory, uint64_t path, mode_t mode, unsigned device);
struct reply virtual_symlink(const struct call *call, uint64_t target, int directory, uint64_t path);
struct reply virtual_link(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, int flags);
struct reply virtual_remove(const struct call *call, int directory, uint64_t path, int flags);
struct reply virtual_rename(const struct call *call, int from, uint64_t path, int to, uint64_t new_path, unsigned flags);
/* Records the owner and mode of a new file in `directory`. */
void record_new(const struct call *call, int directory, const struct stat *st, mode_t mode, uint16_t type, unsigned device);
/* The permissions that a file of this mode has on disk: whoever runs the step is never refused, and no set-id is
 * real. */
mode_t mode_on_disk(mode_t mode, bool directory);

/* virtual-status.c: what shows and changes the status of files. */
struct reply virtual_stat(const struct call *call, int directory, uint64_t path, uint64_t out, int flags);
struct reply virtual_statx(const struct call *call, int directory, uint64_t path, int flags, uint32_t mask, uint64_t out);
struct reply virtual_access(const struct call *call, int directory, uint64_t path, unsigned wanted, int flags);
struct reply virtual_statfs(const struct call *call, uint64_t path, uint64_t out);
struct reply virtual_readlink(const struct call *call, int directory, uint64_t path, uint64_t out, int size);
struct reply virtual_chmod(const struct call *call, int directory, uint64_t path, mode_t mode, int flags);
struct reply virtual_chown(const struct call *call, int directory, uint64_t path, uint32_t uid, uint32_t gid, int flags);
/* `unit`: how the times are written, in seconds, microseconds or nanoseconds. */
enum time_unit { SECONDS, MICROSECONDS, NANOSECONDS };
struct reply virtual_times(const struct call *call, int directory, uint64_t path, uint64_t times, enum time_unit unit, int flags);
struct reply virtual_truncate(const struct call *call, uint64_t path, int64_t length);
struct reply virtual_get_attribute(const struct call *call, int directory, uint64_t path, int flags);
struct reply virtual_set_attribute(const struct call *call, int directory, uint64_t path, int flags);
struct reply virtual_remove_attribute(const struct call *call, int directory, uint64_t path, int flags);
struct reply virtual_list_attributes(const struct call *call, int directory, uint64_t path, int flags);

/* virtual-caller.c: what only the caller itself can do. */
struct reply virtual_chdir(const struct call *call);
struct reply virtual_getcwd(const struct call *call);
struct reply virtual_chroot(const struct call *call);
struct reply virtual_umask(const struct call *call);
struct reply virtual_watch(const struct call *call);
/* `address`: the argument that points to a socket's name, before its length. */
struct reply virtual_socket_name(const struct call *call, int address);
struct reply virtual_sendmsg(const struct call *call);
struct reply virtual_sendmmsg(const struct call *call);
struct reply virtual_peer(const struct call *call);
/* capget(2) and capset(2): virtual root has the capabilities of a container's root, which let it do what the answers
 * do. Setting them changes nothing. */
struct reply virtual_capget(const struct call *call);
struct reply virtual_capset(const struct call *call);
void set_virtual_capabilities(uint64_t capabilities);
/* uname(2) with the host name of the step, which nobody here may set. */
struct reply virtual_uname(const struct call *call);
void set_virtual_host_name(const char *name);

/* Whoever runs the step may be refused by the disk where virtual root is not, as in an image's directory of mode 0555.
 * Makes what the present call was about accessible, and records the true modes. Whether anything changed. */
bool grant_access(void);

/* How find_where looks a name up for AT_* flags. */
int how_of(int flags);
/* An error of a name that isn't there, or that may not change: 0 if it may. */
int refuse_change(const struct where *where);

#endif
