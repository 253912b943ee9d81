#include "step/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "step/limits.h"

#define MAXIMUM_BYTES (16u << 20)
#define VERSION "tsbuild-sandbox 1"

/* The strings of the file, one after another. */
struct reader {
	char *next, *end;
};

static char *take(struct reader *in)
{
	if (in->next >= in->end) refuse("spec", "ends within a record");
	char *text = in->next;
	in->next += strlen(text) + 1; /* the last byte of the file is NUL */
	return text;
}

static uint64_t number(const char *text, int base, uint64_t maximum)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, base);
	bool digits = (*text >= '0' && *text <= '9') || (base == 16 && *text >= 'a' && *text <= 'f');
	if (!digits || *end || errno || value > maximum) refuse("spec: not a number in range", text);
	return value;
}

static bool choice(const char *text, const char *yes, const char *no)
{
	if (!strcmp(text, yes)) return true;
	if (!strcmp(text, no)) return false;
	refuse("spec: unknown choice", text);
}

static const char *absolute(const char *path)
{
	if (path[0] != '/') refuse("spec: not an absolute path", path);
	return path;
}

/* A mount point: resolved already, so no part of it leads up. */
static const char *resolved(const char *path)
{
	for (const char *part = absolute(path); *part; part += strcspn(part, "/")) {
		part += strspn(part, "/");
		if (strcspn(part, "/") == 2 && !strncmp(part, "..", 2)) refuse("spec: not a resolved path", path);
	}
	return path;
}

static void read_bind(struct spec *s, struct reader *in)
{
	struct step_mount *m = &s->mounts[s->mount_count++];
	*m = (struct step_mount){.source = absolute(take(in))};
	m->target = resolved(take(in));
	m->readonly = choice(take(in), "ro", "rw");
}

static void read_tmpfs(struct spec *s, struct reader *in)
{
	struct step_mount *m = &s->mounts[s->mount_count++];
	*m = (struct step_mount){.target = resolved(take(in))};
	m->size = number(take(in), 10, UINT64_MAX);
	m->mode = (unsigned)number(take(in), 8, 07777);
}

static void read_user(struct spec *s, struct reader *in)
{
	s->has_user = true;
	s->uid = (uint32_t)number(take(in), 10, UINT32_MAX - 1);
	s->gid = (uint32_t)number(take(in), 10, UINT32_MAX - 1);
	s->group_count = 0;
	char *list = take(in), *rest;
	for (char *id = strtok_r(list, ",", &rest); id; id = strtok_r(NULL, ",", &rest)) {
		if (s->group_count == MAXIMUM_GROUPS) refuse("spec", "too many groups");
		s->groups[s->group_count++] = (uint32_t)number(id, 10, UINT32_MAX - 1);
	}
}

static void read_limit(struct spec *s, struct reader *in)
{
	struct step_limit *l = &s->limits[s->limit_count++];
	l->name = take(in);
	l->resource = find_limit(l->name);
	if (l->resource < 0) refuse("spec: unknown limit", l->name);
	l->soft = number(take(in), 10, UINT64_MAX);
	l->hard = number(take(in), 10, UINT64_MAX);
}

static unsigned nibble(char c)
{
	if (c >= '0' && c <= '9') return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a' + 10);
	refuse("spec", "the filter is not in hexadecimal digits");
}

static void read_filter(struct spec *s, struct reader *in)
{
	const char *hex = take(in);
	size_t length = strlen(hex), size = sizeof(struct sock_filter);
	if (length == 0 || length % (2 * size) || length / (2 * size) > BPF_MAXINSNS) refuse("spec", "the filter has a wrong length");
	s->filter_length = length / (2 * size);
	s->filter = malloc(s->filter_length * size);
	if (!s->filter) fail("memory", NULL);
	unsigned char *bytes = (unsigned char *)s->filter;
	for (size_t i = 0; i < length / 2; i++) bytes[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
}

static void read_record(struct spec *s, const char *key, struct reader *in)
{
	if (!strcmp(key, "root")) s->root = absolute(take(in));
	else if (!strcmp(key, "root-is")) s->virtual_root = choice(take(in), "virtual", "mounted");
	else if (!strcmp(key, "mark")) s->mark = number(take(in), 10, UINT64_MAX);
	else if (!strcmp(key, "hostname")) s->hostname = take(in);
	else if (!strcmp(key, "cwd")) s->cwd = absolute(take(in));
	else if (!strcmp(key, "proc")) s->bind_proc = choice(take(in), "bind", "new");
	else if (!strcmp(key, "network")) s->new_network = choice(take(in), "none", "host");
	else if (!strcmp(key, "devices")) s->allow_devices = choice(take(in), "yes", "no");
	else if (!strcmp(key, "sys")) s->writable_sys = choice(take(in), "rw", "ro");
	else if (!strcmp(key, "shm")) s->shm_size = number(take(in), 10, UINT64_MAX);
	else if (!strcmp(key, "bind")) read_bind(s, in);
	else if (!strcmp(key, "tmpfs")) read_tmpfs(s, in);
	else if (!strcmp(key, "mask")) s->masked[s->masked_count++] = (char *)absolute(take(in));
	else if (!strcmp(key, "readonly")) s->readonly[s->readonly_count++] = (char *)absolute(take(in));
	else if (!strcmp(key, "limit")) read_limit(s, in);
	else if (!strcmp(key, "user")) read_user(s, in);
	else if (!strcmp(key, "user-is")) s->map_user = choice(take(in), "mapped", "set");
	else if (!strcmp(key, "bounding")) s->has_bounding = true, s->bounding = number(take(in), 16, UINT64_MAX);
	else if (!strcmp(key, "filter")) read_filter(s, in);
	else if (!strcmp(key, "owners-in")) s->owners_in = absolute(take(in));
	else if (!strcmp(key, "owners-out")) s->owners_out = absolute(take(in));
	else if (!strcmp(key, "owners-are")) s->real_owners = choice(take(in), "real", "virtual");
	else if (!strcmp(key, "keep")) s->kept[s->kept_count++] = (char *)absolute(take(in));
	else if (!strcmp(key, "hard-links")) s->hard_links = choice(take(in), "recorded", "none");
	else if (!strcmp(key, "capabilities")) s->virtual_capabilities = choice(take(in), "virtual", "real");
	else if (!strcmp(key, "arg")) s->args[s->arg_count++] = take(in);
	else if (!strcmp(key, "env")) s->env[s->env_count++] = take(in);
	else refuse("spec: unknown record", key);
}

static char *read_all(int fd, size_t *length)
{
	size_t capacity = 65536, used = 0;
	char *bytes = malloc(capacity);
	for (;;) {
		if (!bytes) fail("memory", NULL);
		ssize_t n = read(fd, bytes + used, capacity - used);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) fail("read the spec from descriptor 3", NULL);
		if (n == 0) break;
		used += (size_t)n;
		if (used > MAXIMUM_BYTES) refuse("spec", "is longer than 16 MiB");
		if (used == capacity) bytes = realloc(bytes, capacity *= 2);
	}
	*length = used;
	return bytes;
}

/* Refuses what there can't be without namespaces and mounts. */
static void check_virtual_root(const struct spec *s)
{
	if (!s->owners_out) refuse("spec", "has a virtual root without owners-out");
	if (s->real_owners || s->kept_count) refuse("spec", "wants real owners of a virtual root");
	if (s->new_network || s->map_user) refuse("spec", "wants a namespace for a virtual root");
	if (s->masked_count || s->readonly_count) refuse("spec", "wants to mask a path of a virtual root");
	for (size_t i = 0; i < s->mount_count; i++)
		if (!s->mounts[i].source) refuse("spec", "wants a tmpfs in a virtual root");
}

void read_spec(int fd, struct spec *s)
{
	size_t length, strings = 0;
	char *bytes = read_all(fd, &length);
	close(fd);
	if (length == 0 || bytes[length - 1] != 0) refuse("spec", "does not end with NUL");
	for (size_t i = 0; i < length; i++) strings += bytes[i] == 0;

	/* There can't be more of anything than there are strings. */
	*s = (struct spec){.hostname = "localhost", .cwd = "/"};
	s->mounts = calloc(strings + 1, sizeof *s->mounts);
	s->limits = calloc(strings + 1, sizeof *s->limits);
	char **lists[5];
	for (int i = 0; i < 5; i++) lists[i] = calloc(strings + 1, sizeof *lists[i]);
	if (!s->mounts || !s->limits || !lists[0] || !lists[1] || !lists[2] || !lists[3] || !lists[4]) fail("memory", NULL);
	s->masked = lists[0], s->readonly = lists[1], s->args = lists[2], s->env = lists[3], s->kept = lists[4];

	struct reader in = {bytes, bytes + length};
	if (strcmp(take(&in), VERSION)) refuse("spec", "is not of the version '" VERSION "'");
	bool ended = false;
	while (!ended) {
		const char *key = take(&in);
		if (!strcmp(key, "end")) ended = true;
		else read_record(s, key, &in);
	}
	if (in.next != in.end) refuse("spec", "goes on after its end");
	if (!s->root) refuse("spec", "has no root");
	if (!s->arg_count) refuse("spec", "has no command");
	if (s->map_user && (!s->has_user || s->owners_out)) refuse("spec", "maps a user that there is not, or that is virtual");
	if (s->virtual_root) check_virtual_root(s);
	if (s->owners_in && !s->owners_out) refuse("spec", "has owners-in without owners-out");
	if ((s->real_owners || s->kept_count) && !s->owners_out) refuse("spec", "has real owners or files to keep without owners-out");
}
