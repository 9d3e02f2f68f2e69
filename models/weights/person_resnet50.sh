#!/usr/bin/env bash
# Trains the full encoder (ResNet-50, the paper's) by every row of Table 1, by strong and by st-reid-strong, on the same
# data, and scores them all in one table. Wants a GPU: no such weights come with Followspot yet.
# usage: person_resnet50.sh MARKET1501 POSE_MODEL.pt DANCE OUT [START]
#   POSE_MODEL  an Ultralytics pose model with 17 joints    DANCE  the OUT of person_mobilenet_v2.sh, with its dance data
#   START       what the trunks start from: download (torchvision's ImageNet weights), none, or a file
# STEPS=2 in the environment makes a trial of it: so many steps each, on small crops.
set -euo pipefail
market=$1 pose=$2 dance=$3 out=$4 start=${5:-download}
trial=()
if [ -n "${STEPS:-}" ]; then
    trial=(--optimisation.steps "$STEPS" --optimisation.epochs 1 --encoder.height 64 --encoder.width 32)
fi
mkdir -p "$out"
names=(fiyud_dance phong_dance gillhung_jvs stage)

# 17 joints of all people, found by the same network
ln -sfn "$(realpath "$market")" "$out/market1501"
[ -f "$market/keypoints17.txt" ] || followspot dataset poses "$out/market1501" --pose-model "$pose"
for name in fiyud_dance phong_dance gillhung_jvs; do
    followspot dataset poses "$dance/$name" --pose-model "$pose"
done
data=(--data "$out/market1501" --joints 17 --also "${names[@]/#/$dance/}" --also-max-crops 24 --tight)

trained=()
for preset in softmax siamese triplet triplet-softmax fd-gan st-reid st-reid-no-cr st-reid-random st-reid-no-d \
    st-reid-no-p strong st-reid-strong; do
    resume=()
    [ -f "$out/$preset/state.pt" ] && resume=(--resume)
    followspot train "$preset" "${data[@]}" --encoder resnet50 --start "$start" "${trial[@]}" "${resume[@]}" \
        --out "$out/$preset"
    trained+=("$out/$preset/encoder_best.pt")
done
followspot benchmark encoders --data "$out/market1501" --reid bundled "${trained[@]}" --json "$out/table.json"
