import type {
  ControlConnection,
  ExecutorMessage,
  ExecutorSideConnection,
  SchedulerMessage,
  SchedulerSideConnection,
} from "../stage/control-message.ts";

/** One direction's receiver: holds messages until its listener is set. */
type Inbox<Message> = {
  listener: ((message: Message) => void) | null;
  onClose: ((error: Error | null) => void) | null;
  readonly waiting: Message[];
};

/**
 * The two ends of a control connection within one process, for standalone mode and tests. Delivery is asynchronous and in
 * order, as over a network: a sender never finds its receiver's code on its own stack.
 */
export function connectInProcess(): {
  readonly scheduler: SchedulerSideConnection;
  readonly executor: ExecutorSideConnection;
} {
  const toScheduler: Inbox<ExecutorMessage> = { listener: null, onClose: null, waiting: [] };
  const toExecutor: Inbox<SchedulerMessage> = { listener: null, onClose: null, waiting: [] };
  const state = { closed: false };
  return {
    scheduler: makeEnd(toExecutor, toScheduler, state),
    executor: makeEnd(toScheduler, toExecutor, state),
  };
}

function makeEnd<Send, Receive>(
  outbox: Inbox<Send>,
  inbox: Inbox<Receive>,
  state: { closed: boolean },
): ControlConnection<Send, Receive> {
  return {
    send(message) {
      if (state.closed) return;
      // What was sent before the end still arrives, also after it.
      setImmediate(() => {
        if (outbox.listener === null) outbox.waiting.push(message);
        else outbox.listener(message);
      });
    },
    onMessage(listener) {
      inbox.listener = listener;
      for (const message of inbox.waiting.splice(0)) listener(message);
    },
    onClose(listener) {
      inbox.onClose = listener;
    },
    close() {
      if (state.closed) return;
      state.closed = true;
      setImmediate(() => {
        inbox.onClose?.(null);
        outbox.onClose?.(null);
      });
    },
  };
}
