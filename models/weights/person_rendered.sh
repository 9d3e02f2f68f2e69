#!/usr/bin/env bash
# Makes person_rendered.pt, the encoder that has seen rendered people only, from ImageNet weights: an evening on two
# cores. No person's picture is needed, and none of the data's licences limits the weights.
# usage: person_rendered.sh IMAGENET_MOBILENET.pt OUT
# bfloat16 is fast where the processor has AVX512-BF16; elsewhere leave it out.
set -euo pipefail
imagenet=$1 out=$2
weights=$(dirname "$(realpath "$0")")
mkdir -p "$out"
export OMP_NUM_THREADS=1

followspot dataset stage --size thousands --height 128 --test-scenes 0 --out "$out/thousands"
followspot dataset stage --out "$out/stage" --scenes 138 --test-scenes 0 --dancers 8 --seconds 12 --height 192 \
    --min-visible 0.4 --seed 20000
data=(--data "$out/thousands" --validation training --validation-people 50 --also "$out/stage" --also-max-crops 16 --tight)
followspot train st-reid-strong "${data[@]}" --encoder mobilenet_v2 --start "$imagenet" --encoder.height 128 \
    --encoder.width 64 --sampling.global-share 0.25 --optimisation.steps 2600 --optimisation.epochs 3 \
    --optimisation.warmup-epochs 0.25 --optimisation.ema-decay 0.998 --objective.generator.channels 24 \
    --objective.generator.map-conditioned --objective.discriminator.image patchgan --objective.discriminator.channels 24 \
    --objective.pictures 24 --optimisation.generator.lr 1e-3 --optimisation.precision bfloat16 --out "$out/run"

# calibration, on scenes that were never trained on, with all that makes a person look different from before
for seed in 236 175 277; do
    followspot stage --out "$out/stage-$seed" --twins 2 --seed $seed --fps 5 --no-audio --variety \
        --turns 0.6 --floor-work 0.2 --changing-light 0.5 --shutter 0.01 --camera-faults 0.8
done
followspot bundle-encoder --folder "$out/run" "${data[@]}" --colour-share 0.2 \
    --scenes "$out"/stage-236 "$out"/stage-175 "$out"/stage-277 \
    --base "torchvision's mobilenet_v2, ImageNet (tonylins/pytorch-mobilenet-v2, Apache-2.0)" \
    --limits "None beyond Followspot's own licence and the base's: all training pictures were rendered by \`followspot\`." \
    --script person_rendered.sh --out "$weights/person_rendered.pt"
