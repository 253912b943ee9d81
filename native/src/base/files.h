/* System calls on files that Node does not have. */
#ifndef FILES_H
#define FILES_H

/* Waits until everything that was written to the filesystem of a path is on the disk. */
_Noreturn void sync_filesystem(const char *path);

/* Locks the file of descriptor 3, which the caller shares: the lock is the caller's when this program has ended.
 * Ends with 0, or with 1 if it may not wait and another process holds the lock. */
_Noreturn void lock_file(int wait);

#endif
