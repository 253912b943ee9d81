/* Takes system calls from the listener one by one and gives each its answer. */
#include "ownership/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <sys/ioctl.h>

#include "base/fail.h"
#include "base/kernel.h"
#include "virtual-root/rewrite.h"

/* A call that was done when a signal interrupted its caller. Linux before 5.19 makes that caller repeat the call. */
struct interrupted {
	bool pending;
	struct call call;
	struct reply reply;
};
#define INTERRUPTED_KEPT 16

struct supervisor {
	int listener;
	struct reply (*answer)(const struct call *);
	struct seccomp_notif *request;
	struct seccomp_notif_resp *response;
	size_t request_size, response_size;
	struct interrupted interrupted[INTERRUPTED_KEPT];
	unsigned next_interrupted;
};

struct supervisor *start_supervisor(int listener, struct reply (*answer)(const struct call *))
{
	struct seccomp_notif_sizes sizes;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes)) fail("ask the kernel for its notifications", NULL);
	struct supervisor *s = calloc(1, sizeof *s);
	if (!s) fail("memory", NULL);
	s->listener = listener;
	s->answer = answer;
	/* A later kernel's structures may be longer, an earlier one's shorter. */
	s->request_size = sizes.seccomp_notif > sizeof *s->request ? sizes.seccomp_notif : sizeof *s->request;
	s->response_size = sizes.seccomp_notif_resp > sizeof *s->response ? sizes.seccomp_notif_resp : sizeof *s->response;
	s->request = calloc(1, s->request_size);
	s->response = calloc(1, s->response_size);
	if (!s->request || !s->response) fail("memory", NULL);
	/* Caller and supervisor take turns, which is five times faster on one processor. A kernel before 6.6 refuses, which
	 * does no harm. */
	(void)!ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return s;
}

static void drop(struct interrupted *slot)
{
	if (slot->pending && slot->reply.kind == HAND) close((int)slot->reply.value);
	slot->pending = false;
}

static void remember(struct supervisor *s, const struct call *call, struct reply reply)
{
	struct interrupted *slot = &s->interrupted[s->next_interrupted++ % INTERRUPTED_KEPT];
	drop(slot);
	*slot = (struct interrupted){true, *call, reply};
}

/* The answer to the same call of the same thread, if its caller never got it. Any other call of that thread drops the
 * answer. */
static bool recall(struct supervisor *s, const struct call *call, struct reply *reply)
{
	for (size_t i = 0; i < INTERRUPTED_KEPT; i++) {
		struct interrupted *slot = &s->interrupted[i];
		if (!slot->pending || slot->call.thread != call->thread) continue;
		if (slot->call.number == call->number && !memcmp(slot->call.args, call->args, sizeof call->args)) {
			*reply = slot->reply;
			slot->pending = false;
			return true;
		}
		drop(slot);
	}
	return false;
}

static bool send_descriptor(struct supervisor *s, const struct call *call, struct reply reply)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)reply.value,
		.newfd_flags = (uint32_t)reply.flags & O_CLOEXEC,
	};
	if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0) return true;
	if (errno == ENOENT) return false;
	/* The caller's own table is full, say. */
	*s->response = (struct seccomp_notif_resp){.id = call->id, .error = -errno};
	return !ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, s->response);
}

static bool send_reply(struct supervisor *s, const struct call *call, struct reply reply)
{
	memset(s->response, 0, s->response_size);
	s->response->id = call->id;
	switch (reply.kind) {
	case PASS: s->response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; break;
	case RESULT: s->response->val = reply.value; break;
	case ERROR: s->response->error = -(int)reply.value; break;
	case HAND: return send_descriptor(s, call, reply);
	case INSTEAD: return start_instead(call);
	case NOTHING: return true;
	}
	return !ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, s->response);
}

bool wait_for_call(struct supervisor *s)
{
	struct pollfd listener = {s->listener, POLLIN, 0};
	while (poll(&listener, 1, -1) < 0)
		if (errno != EINTR) return false;
	return listener.revents & POLLIN;
}

void answer_next(struct supervisor *s)
{
	memset(s->request, 0, s->request_size);
	/* Between poll and here the caller may have been killed. */
	if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, s->request)) return;
	struct call call = {.listener = s->listener, .id = s->request->id, .number = s->request->data.nr, .thread = (pid_t)s->request->pid};
	for (int i = 0; i < 6; i++) call.args[i] = s->request->data.args[i];
	struct reply reply;
	if (!recall(s, &call, &reply)) reply = s->answer(&call);
	bool sent = send_reply(s, &call, reply);
	bool did_something = reply.kind == RESULT || reply.kind == HAND;
	if (!sent && did_something && still_waits(&call) == false) remember(s, &call, reply);
	else if (reply.kind == HAND) close((int)reply.value);
}
