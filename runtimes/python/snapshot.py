"""Snapshot start: this process runs a version's init once, and environments are forked of it.

The bootstrap loads this when there is a KILN_TEMPLATE_FD. libkiln_template.so works on the processes; it is the SDK's
(src/sdk/core/template_process.h). `runtime` is the bootstrap.
"""

import ctypes
import gc
import os
import sys


class Template:
    def __init__(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libkiln_template.so")
        self._library = ctypes.PyDLL(path)  # it forks: the interpreter's lock is held
        self._library.kiln_template_obstacle.restype = ctypes.c_char_p
        self._library.kiln_template_rehearse.restype = self._library.kiln_template_become.restype = ctypes.c_size_t
        self._library.kiln_template_say_init_failed.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t)
        self._control = self._library.kiln_template_control()
        os.environ.pop("KILN_TEMPLATE_FD", None)

    def init_error(self, body, headers):
        """As the bootstrap's other ways to the engine have it; there is nothing else to say."""
        error_type = headers.partition("Lambda-Runtime-Function-Error-Type: ")[2].partition("\r\n")[0]
        self._library.kiln_template_say_init_failed(self._control, error_type.encode(), body, len(body))

    def before_snapshot(self):
        hooks = self._hooks("get_before_snapshot")
        while hooks:
            function, arguments, named = hooks.pop()
            function(*arguments, **named)

    def after_restore(self):
        for function, arguments, named in self._hooks("get_after_restore"):
            function(*arguments, **named)

    def _hooks(self, name):
        # A package of the function's own goes before the one that comes with the runtime.
        module = sys.modules.get("snapshot_restore_py")
        return getattr(module, name)() if module else []

    def _rehearse(self, channel):
        """Takes and answers an event of its own over `channel`."""
        memory = runtime.MEMORY
        if not (channel._offered and memory.rehearse()):
            return
        channel._memory = memory
        _, headers, body = channel.next()
        del headers["lambda-runtime-client-context"], headers["lambda-runtime-cognito-identity"]  # as mostly
        kind, *answer = runtime.invoke(lambda event, context: event, headers, body)
        if kind == "response":
            channel.answer("", kind, *answer)
        channel._memory = memory.rehearsed()
        runtime.current_request_id = None
        runtime.set_trace_id(None)

    def wait(self):
        """Returns in each environment, when it is needed: its direct channel."""
        gc.collect()
        gc.freeze()
        obstacle = self._library.kiln_template_obstacle()
        if obstacle:
            self._library.kiln_template_say_unfit(self._control, obstacle)
            sys.exit(1)
        self._library.kiln_template_say_ready(self._control)
        descriptors = (ctypes.c_int * 3)()
        self._library.kiln_template_serve(self._control, descriptors)
        function = os.fork()  # which also tells the modules that have to know: random has another seed
        if function:
            self._library.kiln_template_reap(function, descriptors)
        channel = runtime.Channel(descriptors[2])
        # Memory of the interpreter that an invocation changes is copied now, and not when somebody waits.
        self._rehearse(channel)
        runtime.LOG = os.fstat(1)
        order = ctypes.create_string_buffer(16384)
        for take in self._library.kiln_template_rehearse, self._library.kiln_template_become:
            size = take(descriptors, order, len(order))
            for variable in order[:size].split(b"\0")[:-1]:
                name, _, value = variable.partition(b"=")
                os.environb[name] = value
        return channel
