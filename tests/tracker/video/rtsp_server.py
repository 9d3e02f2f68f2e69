"""`rtsp_server.py FILE` serves an MPEG transport stream by RTSP in real time, over and over, and prints the address.

Runs in the Python of Debian, by its packages python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-bad.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
for needed in ("tsdemux", "h264parse", "rtph264pay"):
    if Gst.ElementFactory.find(needed) is None:
        sys.exit(f"GStreamer has no {needed}")
if len(sys.argv) > 1:
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( multifilesrc location="{sys.argv[1]}" ! tsdemux ! h264parse ! rtph264pay name=pay0 config-interval=-1 )'
    )
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.get_mount_points().add_factory("/dance", factory)
    server.attach(None)
    print(f"rtsp://127.0.0.1:{server.get_bound_port()}/dance", flush=True)
    GLib.MainLoop().run()
