#!/usr/bin/env bash
# Makes person_mobilenet_v2.pt, the encoder `strong`, bundled as the default until 0.2, from public data and dance clips:
# about five hours on two cores.
# usage: person_mobilenet_v2.sh MARKET1501 IMAGENET_MOBILENET.pt CLIPS MOT OUT
#   MARKET1501  its folder, with bounding_box_train/      CLIPS  a folder with the dance videos named below
#   MOT         a folder with TUD-Stadtmitte and MOT16-09, pictures and truth (calibration only)
# The clips' people are found by the bundled detector and encoder of release 0.1 and were looked over by eye.
set -euo pipefail
market=$1 imagenet=$2 clips=$3 mot=$4 out=$5
weights=$(dirname "$(realpath "$0")")
mkdir -p "$out"
light=(--encoder.trunk mobilenet_v2)

# dance: rendered scenes, each with people of its own, and real clips; phong_straykids_cover is never trained on
followspot dataset stage --out "$out/stage" --scenes 40 --test-scenes 0 --dancers 6 --seconds 30 --height 192 --seed 5000
followspot dataset video "$clips/fiyud_dance.mp4" --out "$out/fiyud_dance"
followspot dataset video "$clips/phong_dance.mp4" --out "$out/phong_dance"
followspot dataset video "$clips/gillhung_dance2.mp4" "$clips/jvs_dance1.mp4" --out "$out/gillhung_jvs"
dance=(--also "$out"/fiyud_dance "$out"/phong_dance "$out"/gillhung_jvs "$out"/stage --also-max-crops 24 --tight --sampling.people-per-video 4)

# pedestrians first, small and then larger, with 50 validation people
followspot train strong --data "$market" "${light[@]}" --start "$imagenet" --encoder.height 96 --encoder.width 48 \
    --optimisation.epochs 10 --optimisation.warmup-epochs 1 --optimisation.ema-decay 0.995 --out "$out/96"
followspot train strong --data "$market" "${light[@]}" --start "$out/96/encoder_last.pt" --encoder.height 128 \
    --encoder.width 64 --optimisation.epochs 5 --optimisation.warmup-epochs 0.3 --optimisation.ema-decay 0.99 \
    --optimisation.encoder.lr 2.5e-4 --out "$out/128"
# then pedestrians and dancers together, people of one video in one batch
followspot train strong --data "$market" "${light[@]}" "${dance[@]}" --start "$out/128/encoder_best.pt" \
    --encoder.height 128 --encoder.width 64 --optimisation.epochs 4 --optimisation.warmup-epochs 0.3 \
    --optimisation.ema-decay 0.995 --optimisation.encoder.lr 2.5e-4 --out "$out/dance-128"
followspot train strong --data "$market" "${light[@]}" "${dance[@]}" --start "$out/dance-128/encoder_last.pt" \
    --encoder.height 192 --encoder.width 96 --optimisation.epochs 3 --optimisation.warmup-epochs 0.2 \
    --optimisation.ema-decay 0.995 --optimisation.encoder.lr 2e-4 --out "$out/dance-192"

# calibration, on scenes that were never trained on
for seed in 236 175 277; do
    followspot stage --out "$out/stage-$seed" --twins 2 --seed $seed --fps 5 --no-audio
done
followspot bundle-encoder --folder "$out/dance-192" --data "$market" \
    --also "$out"/fiyud_dance "$out"/phong_dance "$out"/gillhung_jvs "$out"/stage --also-max-crops 24 --tight \
    --scenes "$out"/stage-236 "$out"/stage-175 "$out"/stage-277 "$mot"/TUD-Stadtmitte "$mot"/MOT16-09 \
    --base "torchvision's mobilenet_v2, ImageNet (tonylins/pytorch-mobilenet-v2, Apache-2.0)" \
    --limits "Part of the data is for research only, and the weights inherit that limit." \
    --script person_mobilenet_v2.sh --out "$weights/person_mobilenet_v2.pt"
