using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Memory;

/// <summary>What of a model's weights one GPU holds.</summary>
internal static class WeightShards
{
    // vLLM and SGLang pad the vocabulary to this before they divide it.
    private const int VocabularyStep = 64;

    /// <summary>First layer of each stage, and the number of layers at the end: vLLM deals a remainder out from the last stage but one backwards.</summary>
    public static int[] Stages(int layers, int stages)
    {
        var sizes = Enumerable.Repeat(layers / stages, stages).ToArray();
        for (var i = 0; i < layers % stages; i++)
        {
            sizes[Math.Max(0, stages - 2 - i)]++;
        }

        var starts = new int[stages + 1];
        for (var i = 0; i < stages; i++)
        {
            starts[i + 1] = starts[i] + sizes[i];
        }

        return starts;
    }

    // vLLM's kernels for mxfp4 experts want their width in multiples of this (mxfp4 quantisation method): gpt-oss-120b takes
    // 64.4 GiB instead of 60.8 in its log (vllm #33155).
    private const long Mxfp4Step = 256;

    /// <summary>Weights of a stage with what one rank of it holds.</summary>
    public static IEnumerable<(WeightMatrix Weight, long Bytes)> Of(ModelShape model, ParallelLayout layout, int from, int to, bool mtp, bool padExperts = false)
    {
        var (first, last) = (from == 0, to == model.Layers.Count);
        var outside = model.Outside.Where(w => w.Part switch
        {
            ModelPart.Embedding => first || (last && (model.TiedEmbedding || mtp)),
            _ => last,
        });
        var all = outside.Concat(model.Layers.Skip(from).Take(to - from).SelectMany(l => l.Weights));
        return all.Concat(mtp && last ? model.MtpWeights : []).Select(w => (w, Bytes(w, layout, padExperts)));
    }

    private static long Bytes(WeightMatrix weight, ParallelLayout layout, bool padExperts)
    {
        var (rows, columns, copies, ranks) = (weight.Rows, weight.Columns, weight.Copies, layout.TensorParallel);
        switch (weight.Part)
        {
            case ModelPart.RoutedExperts:
                copies = (copies + layout.ExpertParallel - 1) / layout.ExpertParallel;
                ranks = layout.ExpertRanks / layout.ExpertParallel;
                break;
            case ModelPart.Embedding or ModelPart.Head:
                rows = (rows + VocabularyStep - 1) / VocabularyStep * VocabularyStep;
                break;
        }

        switch (weight.Split)
        {
            case WeightSplit.Rows:
                rows = (rows + ranks - 1) / ranks;
                break;
            case WeightSplit.Columns:
                columns = (columns + ranks - 1) / ranks;
                break;
            case WeightSplit.KvHeads:
                rows = rows / weight.Heads * Math.Max(1, (weight.Heads + ranks - 1) / ranks);
                break;
        }

        if (padExperts && weight.Part == ModelPart.RoutedExperts && weight.Format == WeightFormat.Mxfp4)
        {
            (rows, columns) = weight.Split == WeightSplit.Columns
                ? (rows, (columns + Mxfp4Step - 1) / Mxfp4Step * Mxfp4Step)
                : ((rows + Mxfp4Step - 1) / Mxfp4Step * Mxfp4Step, columns);
        }

        return weight.Format.Bytes(rows, columns) * copies;
    }
}
