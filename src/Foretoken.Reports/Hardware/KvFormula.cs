using System.Globalization;
using Foretoken.Hardware.Models;

namespace Foretoken.Reports.Hardware;

/// <summary>The KV cache of a layer as formulas.</summary>
internal static class KvFormula
{
    /// <summary>Each summand with its bytes and what it is counted per.</summary>
    public static IEnumerable<(string Formula, double Bytes, string Unit)> Of(AttentionShape shape, int bytesPerNumber)
    {
        var entry = shape.ValueDim == 0 ? N(shape.KeyDim) : shape.ValueDim == shape.KeyDim ? $"2 x {N(shape.KeyDim)}" : $"({N(shape.KeyDim)} + {N(shape.ValueDim)})";
        var heads = shape.KvHeads > 1 ? $"{N(shape.KvHeads)} heads x {entry}" : entry;
        var direct = shape.BytesPerToken(bytesPerNumber) - shape.IndexerBytesPerToken;
        switch (shape.Kind)
        {
            case AttentionKind.Full or AttentionKind.Chunked or AttentionKind.Latent:
                yield return ($"{heads} x {bytesPerNumber} B", direct, "per token");
                break;
            case AttentionKind.SlidingWindow:
                yield return ($"{N(shape.Window)} tokens x {heads} x {bytesPerNumber} B", shape.BytesPerSequence(bytesPerNumber), "per sequence");
                break;
            case AttentionKind.Compressed:
                yield return ($"{N(shape.Window)} tokens x {heads} x {bytesPerNumber} B", shape.BytesPerSequence(bytesPerNumber), "per sequence");
                if (shape.CompressRatio > 0)
                {
                    yield return ($"{heads} x {bytesPerNumber} B / {N(shape.CompressRatio)} tokens", direct, "per token");
                }

                break;
            case AttentionKind.Linear:
                yield return ("state and convolution", shape.StateBytes, "per sequence");
                break;
        }

        if (shape.IndexerBytesPerToken > 0)
        {
            yield return ($"indexer key, {shape.IndexerBytesPerToken.ToString("0.##", CultureInfo.InvariantCulture)} B", shape.IndexerBytesPerToken, "per token");
        }
    }

    private static string N(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
