"""Command line of the sample source: `python -m simulator generate|serve`."""

import argparse
import signal
import sys
from pathlib import Path

from simulator import SAMPLE_NOTICE, dataset
from simulator.server import TOKEN_LIFETIME_SECONDS, SampleSource


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 when it did what was asked."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (dataset.DatasetError, OSError) as reason:
        print(f"simulator: {reason}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description=f"Sample source ({SAMPLE_NOTICE})"
    )
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("generate", help="generate the province into a folder")
    make.add_argument("--out", type=Path, required=True)
    make.add_argument("--scale", choices=dataset.SCALES, default="full")
    make.set_defaults(run=_generate)
    serve = commands.add_parser("serve", help="serve a generated province over HTTP")
    serve.add_argument("--data", type=Path, required=True)
    serve.add_argument("--host", default="127.0.0.1", help="0.0.0.0: for other machines too")
    serve.add_argument("--port", type=int, default=0, help="0: any free port")
    serve.add_argument("--port-file", type=Path, help="file to write the port to once listening")
    serve.add_argument("--uri-file", type=Path, help="the same for the connection URI of the API")
    serve.add_argument("--token-lifetime", type=int, default=TOKEN_LIFETIME_SECONDS)
    serve.set_defaults(run=_serve)
    return parser


def _generate(options: argparse.Namespace) -> int:
    folder = dataset.ensure(options.out, options.scale, _show_progress)
    index = dataset.read_index(folder)
    print(f"{SAMPLE_NOTICE}: {folder}")
    for feed, count in index["records"].items():
        print(f"  {feed:<12}{count:>10,}")
    return 0


def _show_progress(stage: str, share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{stage:<32}{share:6.0%}", end="\n" if share >= 1 else "", file=sys.stderr)


def _serve(options: argparse.Namespace) -> int:
    source = SampleSource(
        options.data, options.port, host=options.host, token_lifetime=options.token_lifetime
    )
    # Ended by a signal, the server still closes its socket.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with source:
        print(f"{SAMPLE_NOTICE}: AIRFLOW_CONN_DOSSIER_API={source.connection_uri}")
        print(f"{SAMPLE_NOTICE}: AIRFLOW_CONN_NATIONAL_PORTAL={source.national_portal_uri}")
        sys.stdout.flush()
        _announce(options.port_file, str(source.port))
        _announce(options.uri_file, source.connection_uri)
        try:
            source.wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _announce(file: Path | None, text: str) -> None:
    """Write a file for whoever waits for the server: whole, by renaming it into place."""
    if file:
        draft = file.with_name(f".{file.name}.part")
        draft.write_text(text, encoding="ascii")
        draft.replace(file)


if __name__ == "__main__":
    sys.exit(main())
