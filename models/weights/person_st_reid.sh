#!/usr/bin/env bash
# Makes person_st_reid.pt, the bundled encoder: the Sparse-Temporal ReID Network on public data, dance clips and rendered
# dancers. A night on two cores, and a quarter of an hour on a GPU for the last stage (or another night).
# usage: person_st_reid.sh MARKET1501 IMAGENET_MOBILENET.pt CLIPS POSE_MODEL.pt MOT OUT
#   MARKET1501  its folder, with bounding_box_train/ and keypoints15.txt (joints of every crop, see reid/data/landmarks.py)
#   CLIPS       a folder with the dance videos named below     POSE_MODEL  Ultralytics' yolov8n-pose.pt
#   MOT         a folder with TUD-Stadtmitte and MOT16-09, pictures and truth (calibration only)
# The clips' people are found by the bundled detector and the encoder of release 0.1 and were looked over by eye.
# bfloat16 is fast where the processor has AVX512-BF16; elsewhere leave it out.
set -euo pipefail
market=$1 imagenet=$2 clips=$3 pose_model=$4 mot=$5 out=$6
weights=$(dirname "$(realpath "$0")")
mkdir -p "$out"
export OMP_NUM_THREADS=1

# rendered people, some often seen, many seldom, and some for minutes in like costumes; and real clips, but for
# phong_straykids_cover, which is never trained on
followspot dataset stage --out "$out/stage" --scenes 138 --test-scenes 0 --dancers 8 --seconds 12 --height 192 \
    --min-visible 0.4 --seed 20000
followspot dataset stage --size thousands --height 128 --test-scenes 0 --out "$out/thousands"
followspot dataset stage --size dancereid --test-scenes 16 --test-people 77 --out "$out/dance"
real=()
for clip in fiyud_dance phong_dance gillhung_dance2 jvs_dance1; do
    followspot dataset video "$clips/$clip.mp4" --out "$out/$clip"
    followspot dataset poses "$out/$clip" --pose-model "$pose_model"
    real+=("$out/$clip")
done
sampling=(--sampling.kind sparse-people --sampling.people-per-video 4 --sampling.gap 2 --sampling.gap-unit seconds
    --sampling.global-share 0.25)
guided=(--objective.generator.channels 24 --objective.generator.map-conditioned --objective.discriminator.image patchgan
    --objective.discriminator.channels 24 --objective.pictures 24 --optimisation.generator.lr 1e-3
    --optimisation.precision bfloat16)

# pedestrians first, small, with 50 validation people
followspot train strong --data "$market" --encoder mobilenet_v2 --start "$imagenet" --encoder.height 96 \
    --encoder.width 48 --optimisation.epochs 16 --optimisation.warmup-epochs 1 --optimisation.ema-decay 0.998 \
    --out "$out/96"
# then the Sparse-Temporal ReID Network on pedestrians and dancers together, and twice more on larger crops
followspot train st-reid-strong --data "$market" --encoder mobilenet_v2 --start "$out/96/encoder_last.pt" \
    --encoder.height 128 --encoder.width 64 --also "$out/stage" "${real[@]}" --also-max-crops 16 --tight \
    "${sampling[@]}" "${guided[@]}" --optimisation.epochs 5 --optimisation.warmup-epochs 0.3 \
    --optimisation.ema-decay 0.998 --optimisation.encoder.lr 3e-4 --out "$out/128"
larger=(--encoder mobilenet_v2 --encoder.height 192 --encoder.width 96 "${sampling[@]}" "${guided[@]}"
    --optimisation.warmup-epochs 0.1 --optimisation.ema-decay 0.998 --optimisation.encoder.lr 2e-4)
followspot train st-reid-strong --data "$market" --also "$out/stage" "$out/thousands" "${real[@]}" \
    --also-max-crops 8 4 0 0 0 0 --tight "${larger[@]}" --start "$out/128/encoder_last.pt" \
    --guidance "$out/128/state.pt" --optimisation.epochs 2 --out "$out/192"
also=(--also "$out/stage" "$out/dance" "$out/thousands" "${real[@]}" --also-max-crops 12 48 2 0 0 0 0 --tight)
followspot train st-reid-strong --data "$market" "${also[@]}" "${larger[@]}" --start "$out/192/encoder_last.pt" \
    --guidance "$out/192/state.pt" --optimisation.epochs 3 --out "$out/192-long"

# and the last stage: 5,000 steps of large batches of people at random times. It ran on an H200 beside six other trainings, from the
# stage before rounded to float16, and took thirteen minutes; there bfloat16 is the default anyway.
followspot dataset stage --size thousands --scenes 108 --people 1296 --height 128 --test-scenes 0 --out "$out/last/thousands"
followspot dataset stage --size dancereid --every 25 --test-scenes 16 --test-people 77 --out "$out/last/dance"
also=(--also "$out/stage" "$out/last/dance" "$out/last/thousands" "${real[@]}" --also-max-crops 4 48 2 0 0 0 0 --tight)
followspot train st-reid-strong --data "$market" "${also[@]}" --encoder mobilenet_v2 --encoder.height 192 \
    --encoder.width 96 --start "$out/192-long/encoder_last.pt" --guidance "$out/192-long/state.pt" \
    --sampling.kind people --sampling.people 32 --objective.generator.channels 24 \
    --objective.generator.map-conditioned --objective.discriminator.image patchgan \
    --objective.discriminator.channels 24 --objective.pictures 24 --optimisation.generator.lr 5e-4 \
    --optimisation.encoder.lr 3e-4 --optimisation.steps 5000 --optimisation.warmup-epochs 1 \
    --optimisation.ema-decay 0.999 --out "$out/192-last"

# calibration, on scenes that were never trained on
for seed in 236 175 277; do
    followspot stage --out "$out/stage-$seed" --twins 2 --seed $seed --fps 5 --no-audio
done
followspot bundle-encoder --folder "$out/192-last" --data "$market" "${also[@]}" --colour-share 0.15 \
    --scenes "$out"/stage-236 "$out"/stage-175 "$out"/stage-277 "$mot"/TUD-Stadtmitte "$mot"/MOT16-09 \
    --base "torchvision's mobilenet_v2, ImageNet (tonylins/pytorch-mobilenet-v2, Apache-2.0)" \
    --limits "Part of the data is for research only, and the weights inherit that limit." \
    --script person_st_reid.sh --out "$weights/person_st_reid.pt"
