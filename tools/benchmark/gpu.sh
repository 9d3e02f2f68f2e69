#!/usr/bin/env bash
# Times on a GPU: tracking a 1080p video of ten dancers, in half precision and not, by batch size, with the share of the
# time in which the GPU was busy; the same beside Ultralytics; and a training step of st-reid beside its convolutions alone.
# What an H200 gave is in README.md beside this.
# usage: gpu.sh OUT
#   SECONDS_OF_VIDEO=2 STEPS=1 in the environment make a trial of it, which also runs without a GPU.
set -euo pipefail
out=$1
mkdir -p "$out"
[ -f "$out/stage/video.mp4" ] ||
    followspot stage --out "$out/stage" --dancers 10 --seconds "${SECONDS_OF_VIDEO:-60}" --width 1920 --height 1080 --seed 1
sampler=(sleep infinity)
if command -v nvidia-smi > /dev/null; then
    sampler=(nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits --loop-ms=100)
fi
for batch in 4 16; do
    for half in --no-half --half; do
        [ "$half" = --no-half ] || command -v nvidia-smi > /dev/null || continue
        run=$out/batch-$batch$half
        rm -rf "$run"
        "${sampler[@]}" > "$out/busy.txt" &
        watch=$!
        followspot track "$out/stage/video.mp4" --out "$run" --batch "$batch" "$half"
        kill "$watch"
        awk -v run="batch $batch $half" '{ sum += $1 } END { if (NR) printf "%s: GPU busy %.0f%% of the time\n", run, sum / NR }' \
            "$out/busy.txt"
    done
done
followspot benchmark speed "$out/stage/video.mp4" --rows followspot ultralytics-bytetrack --runs "${STEPS:-5}" \
    --json "$out/speed.json"
followspot benchmark train --preset st-reid --encoder resnet50 --tuples 24 --steps "${STEPS:-20}" --no-profile \
    --json "$out/train.json"
