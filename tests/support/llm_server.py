"""A real language model behind an OpenAI-compatible HTTP API, for tests of the wire path.

    $CHATBOT_TEST_LLM_PYTHON tests/support/llm_server.py --model $CHATBOT_TEST_LLM_MODEL --port 12345

Prints `ready http://127.0.0.1:12345/v1` once it answers, and ends with SIGTERM, SIGINT or the end of its standard input (with --until-eof).
Its answers are poor (270 million parameters): it proves that streaming, usage and cancelling work, not what is said.
"""

import argparse
import os
import signal
import sys
import threading


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a GGUF file")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--context", type=int, default=4096, help="tokens of context, shared by the slots")
    parser.add_argument("--slots", type=int, default=2, help="requests answered at the same time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--stop", action="append", default=[], help="text at which an answer ends by itself; the model knows no end of its own")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes, as when a test dies")
    return parser.parse_args()


def end_with_stdin():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main():
    chosen = arguments()
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)

    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = chosen.model
    settings.hostnames = ["127.0.0.1"]
    settings.port = chosen.port
    settings.n_ctx = chosen.context
    settings.n_parallel = chosen.slots
    settings.cpuparams.n_threads = chosen.threads
    settings.antiprompt = chosen.stop
    server = xllamacpp.Server(settings)
    print(f"ready {server.listening_address}/v1", flush=True)
    if chosen.until_eof:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    signal.sigwait(stop)
    # The server's own threads do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
