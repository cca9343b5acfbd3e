/**
 * Runs in a computer under `python3 -c`, with one word after it.
 *
 * `answer` takes a call as JSON from standard input, hands it to the handler and writes the outcome to descriptor 3,
 * where nothing that the handler prints can get. `serve` is a deployed agent's main process: it loads the handler and
 * then writes the log, to which calls announce themselves by a socket in the working folder.
 */
export const PYTHON_LAUNCHER = String.raw`
import sys

# A file in the working folder must not stand in for a module of the language.
sys.path[:] = [place for place in sys.path if place]

# What not every call needs is imported where it is needed: a call costs little more than the interpreter's start.
import importlib
import json
import os
import time

SOCKET = ".raworc-agent.sock"


class Missing(Exception):
    pass


def load(agent, handler):
    folder = os.path.join(os.environ.get("RAWORC_AGENTS") or "/opt/raworc/agents", agent)
    name, _, wanted = handler.rpartition(".")
    if not os.path.isdir(folder):
        raise Missing(f'The code of agent "{agent}" is not in this computer')
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".replace("/", ".").startswith(f"{error.name}."):
            raise
        raise Missing(f'The code of agent "{agent}" has no module "{name}"') from None
    found = getattr(module, wanted, None)
    if not callable(found):
        raise Missing(f'Module "{name}" of agent "{agent}" has no function "{wanted}"')
    return found


def call(handler, message, context):
    value = handler(message, context)
    if not hasattr(value, "__await__"):
        return value
    import asyncio

    async def finished():
        return await value

    return asyncio.run(finished())


def trace_of(error):
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == "<string>":
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def outcome_of(given):
    try:
        handler = load(given["agent"], given["handler"])
        return json.dumps({"value": call(handler, given["message"], given["context"])}, allow_nan=False)
    except Missing as error:
        return json.dumps({"missing": str(error)})
    except BaseException as error:
        return json.dumps({"raised": type(error).__name__, "trace": trace_of(error)})


def announce(line):
    import socket

    try:
        with socket.socket(socket.AF_UNIX) as log:
            log.settimeout(1)
            log.connect(SOCKET)
            log.sendall(line.encode())
    except OSError:
        pass


def answer():
    os.set_inheritable(3, False)
    given = json.load(sys.stdin.buffer)
    nonce = given.pop("nonce")
    if given["announces"]:
        announce("INFO Processing request")
    outcome = outcome_of(given)
    if given["announces"] and '"value"' != outcome[1:8]:
        announce("ERROR Request failed")
    sys.stdout.flush()
    sys.stderr.flush()
    rest = f"\n{nonce} {outcome}\n".encode()
    while rest:
        rest = rest[os.write(3, rest):]
    os._exit(0)


def log(level, text):
    print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), f"[{level}] {text}", flush=True)


def serve(agent, handler):
    import socket

    try:
        load(agent, handler)
    except Missing as error:
        log("ERROR", str(error))
        sys.exit(1)
    except BaseException as error:
        log("ERROR", "Agent did not start")
        print(trace_of(error), flush=True)
        sys.exit(1)
    if os.path.lexists(SOCKET):
        os.unlink(SOCKET)
    with socket.socket(socket.AF_UNIX) as calls:
        calls.bind(SOCKET)
        calls.listen()
        log("INFO", "Agent started")
        while True:
            caller, _ = calls.accept()
            with caller:
                caller.settimeout(1)
                try:
                    level, _, text = caller.recv(200).decode("ascii", "replace").partition(" ")
                    log(level, text)
                except OSError:
                    pass


answer() if sys.argv[1] == "answer" else serve(*sys.argv[2:])
`;
