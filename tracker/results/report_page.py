"""The frame of report.html: layout, style and the script that ties the timeline to the video. Nothing is fetched."""

from __future__ import annotations

from string import Template

PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$notes
$player
<dl class="figures">$figures</dl>
<section aria-labelledby="stage">
<h2 id="stage">Who was on stage when</h2>
<div class="timeline" data-duration="$duration">
$timeline
</div>
$legend
</section>
$formation
$moments
$people
$recoveries
$facts
</main>
<script>$script</script>
</body>
</html>
"""
)

STYLE = """
:root { --ground: #f6f5f2; --card: #fff; --ink: #1d1c1a; --soft: #6b6862; --line: #dedbd4; --lane: #efede8;
  --doubt: #c96f00; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #151417; --card: #1f1e22; --ink: #efedf2; --soft: #a09ca8; --line: #38353d; --lane: #2a282e;
    --doubt: #ffa51f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 24px; line-height: 1.2; margin: 0 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 32px 0 12px; }
.note { margin: 10px 0; padding: 8px 14px; border-left: 4px solid #d97a00; background: var(--card); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; padding: 12px 14px;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.facts div { display: contents; }
.facts dd { font-size: 14px; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 8px; margin: 20px 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
dt { color: var(--soft); font-size: 13px; }
dd { margin: 0; font-size: 22px; font-variant-numeric: tabular-nums; }
.figures small { font-size: 14px; color: var(--soft); }
video { display: block; width: 100%; max-height: 46vh; border-radius: 10px; background: #000; }
@media (min-height: 520px) {  /* it stays in sight: all of the page leads to its moments */
  html { scroll-padding-top: 48vh; }
  video { position: sticky; top: 6px; z-index: 4; box-shadow: 0 0 0 6px var(--ground); }
}
.timeline { position: relative; display: grid; grid-template-columns: minmax(64px, max-content) 1fr; gap: 6px 10px;
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px; }
.name { display: flex; align-items: center; gap: 7px; min-width: 0; max-width: min(32vw, 240px); }
.name b { font-weight: 600; min-width: 0; line-height: 1.3; }
.name bdi { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
  overflow-wrap: anywhere; }
.name i { flex: none; width: 12px; height: 12px; border-radius: 4px; background: var(--colour); }
.face { flex: none; width: 32px; height: 44px; object-fit: cover; object-position: top; border-radius: 6px; }
.name small { color: var(--soft); margin-left: auto; padding-left: 8px; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.lane { position: relative; align-self: center; height: 28px; border-radius: 6px; background: var(--lane);
  cursor: pointer; }
.bar { position: absolute; top: 4px; bottom: 4px; min-width: 3px; border-radius: 4px; background: var(--colour);
  box-shadow: inset 0 0 0 1px #0003; }
.cut { position: absolute; top: 0; bottom: 0; border-left: 2px dashed var(--soft); }
.mark { position: absolute; top: 50%; width: 28px; height: 28px; margin: -14px 0 0 -14px; padding: 0; border: 0;
  background: none; cursor: pointer; }
.mark::before { content: ""; position: absolute; inset: 8px; transform: rotate(45deg); border-radius: 2px;
  background: #fff; border: 2px solid #1d1c1a; }
.doubt { position: absolute; top: -4px; height: 5px; min-width: 6px; border-radius: 2px; background: var(--doubt); }
.mark::after { content: attr(data-tip); position: absolute; bottom: 100%; left: 50%; z-index: 2; display: none;
  transform: translateX(calc(-1% * var(--at))); width: max-content; max-width: min(300px, 54vw); padding: 7px 10px;
  border-radius: 8px; background: #1d1c1a; color: #fff; font: 13px/1.4 system-ui, sans-serif; text-align: left;
  white-space: pre-line; }
.mark:hover::after, .mark:focus-visible::after, .mark:active::after { display: block; }
.mark:hover, .mark:focus-visible { z-index: 3; }
.axis { grid-column: 2; position: relative; height: 20px; color: var(--soft); font-size: 12px;
  font-variant-numeric: tabular-nums; }
.axis span { position: absolute; transform: translateX(-50%); }
.axis span:first-child { transform: none; }
.lane::after { content: ""; position: absolute; left: var(--now); inset-block: -3px; width: 2px; margin-left: -1px;
  display: none; background: var(--ink); pointer-events: none; }
.shown .lane::after { display: block; }
.away b { font-weight: 400; color: var(--soft); }
.scrubber { grid-column: 2; width: 100%; margin: 0; accent-color: var(--ink); }
.moments { list-style: none; margin: 0; padding: 4px 14px; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; }
.moments li { display: grid; grid-template-columns: minmax(52px, max-content) 1fr; align-items: baseline; gap: 0 12px;
  padding: 6px 0; }
.moments span { overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(460px, 100%), 1fr)); gap: 10px; }
.card { min-width: 0; padding: 12px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  border-left: 5px solid var(--colour); }
.card h3 { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 16px;
  margin: 0 0 8px; font-size: 16px; }
.card h3 .name { max-width: 100%; }
.card h3 bdi { display: inline; }
.card h3 small { font-size: 13px; font-weight: 400; color: var(--soft); font-variant-numeric: tabular-nums; }
.poses { display: flex; gap: 6px; overflow-x: auto; padding: 3px; }
.poses button { flex: none; padding: 0; border: 0; background: none; color: var(--soft);
  font: 12px system-ui, sans-serif; cursor: pointer; }
.poses img { display: block; height: 104px; width: auto; border-radius: 6px; }
.poses span { display: block; padding-top: 2px; }
:focus-visible { outline: 2px solid #0a63d8; outline-offset: 1px; border-radius: 6px; }
.legend { color: var(--soft); font-size: 13px; }
@media (max-width: 480px) {
  .timeline { padding: 10px; }
  .timeline .name small, .axis span:nth-child(even) { display: none; }
}
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 14px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: 13px; }
th:nth-child(2), td:nth-child(2) { text-align: left; }
td .name { max-width: 40vw; }
td button, .moments button { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: left;
  text-decoration: underline; text-underline-offset: 3px; cursor: pointer; }
[hidden] { display: none !important; }
"""

SCRIPT = """
(() => {
  const video = document.querySelector("video");
  const timeline = document.querySelector(".timeline");
  const duration = Number(timeline.dataset.duration);
  const names = [...timeline.querySelectorAll(".name")];
  const stays = names.map(name => JSON.parse(name.dataset.stays));
  const scrubber = document.querySelector(".scrubber");
  const floor = document.querySelector(".floor");
  const stand = floor ? onFloor(floor) : () => {};
  const show = time => {
    stand(time);
    timeline.classList.add("shown");
    if (scrubber) scrubber.value = time;
    timeline.style.setProperty("--now", 100 * Math.min(1, time / duration) + "%");
    names.forEach((name, row) =>
      name.classList.toggle("away", !stays[row].some(([start, end]) => start - 0.05 <= time && time <= end + 0.05)));
  };
  const seek = time => {
    if (video && !video.hidden) video.currentTime = time;
    show(time);
  };
  document.querySelectorAll(".lane").forEach(lane => lane.addEventListener("click", event => {
    const { left, width } = lane.getBoundingClientRect();
    seek(duration * Math.min(1, Math.max(0, (event.clientX - left) / width)));
  }));
  if (scrubber) scrubber.addEventListener("input", () => seek(Number(scrubber.value)));
  document.querySelectorAll("[data-time]").forEach(mark => mark.addEventListener("click", event => {
    event.stopPropagation();
    seek(Number(mark.dataset.time));
    if (!mark.classList.contains("mark")) (video || timeline).scrollIntoView({ block: "nearest" });
  }));
  stand(0);
  if (!video) return;
  video.addEventListener("error", () => { video.hidden = true; });
  let playing = 0;
  const follow = () => { show(video.currentTime); playing = requestAnimationFrame(follow); };
  video.addEventListener("play", () => { cancelAnimationFrame(playing); follow(); });
  video.addEventListener("pause", () => cancelAnimationFrame(playing));
  video.addEventListener("seeked", () => show(video.currentTime));
})();
"""
