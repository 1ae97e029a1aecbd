using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Coefficients;

/// <summary>The part of a layer's mixer that depends on context: kernels over the KV cache or the state, on one rank.</summary>
internal sealed class MixerCost
{
    private readonly AttentionShape _shape;
    private readonly double _share;
    private readonly IDecodeAttention? _decode;
    private readonly IPromptAttention? _prompt;
    private readonly LinearAttentionKernel? _linear;
    private readonly Indexer? _indexer;

    public MixerCost(ModelLayer layer, Deployment deployment, IOperators operators)
    {
        _shape = layer.Attention;
        _share = deployment.Layout.DecodeContextParallel;
        var ranks = deployment.Layout.TensorParallel;
        double heads = (_shape.Heads + ranks - 1) / ranks;
        switch (_shape.Kind)
        {
            case AttentionKind.None:
                return;
            case AttentionKind.Linear:
                _linear = operators.Linear(heads, _shape.KeyDim, _shape.SumDim, _shape.StateBytes / (double)ranks);
                return;
            case AttentionKind.Latent or AttentionKind.Compressed:
                var latent = new LatentShape(heads, _shape.KeyDim, _shape.SumDim, PairDim(layer), deployment.KvBytesPerNumber, _shape.Kind == AttentionKind.Compressed || _shape.TopK > 0);
                _decode = operators.LatentGeneration(latent with { Heads = heads * _share });
                _prompt = operators.LatentContext(latent);
                if (_shape.IndexerBytesPerToken > 0)
                {
                    var width = layer.Weights.Where(w => w.Part == ModelPart.Indexer).Select(w => w.Rows).DefaultIfEmpty(0).Max();
                    _indexer = operators.Indexer(width, _shape.IndexerBytesPerToken, Math.Max(1, _shape.CompressRatio));
                }

                return;
            default:
                var dim = (_shape.KeyDim + Math.Max(_shape.ValueDim, _shape.SumDim)) / 2.0;
                var plain = new HeadShape(heads, _shape.KvHeadsPerRank(ranks), dim, deployment.KvBytesPerNumber, _shape.Window);
                _decode = operators.Generation(plain with { Heads = heads * _share });
                _prompt = operators.Context(plain);
                return;
        }
    }

    private bool IsLatent => _shape.Kind is AttentionKind.Latent or AttentionKind.Compressed;

    /// <summary>Microseconds for requests with <paramref name="context"/> tokens together, <paramref name="queries"/> computed tokens each; contexts are taken as equal.</summary>
    public double Decode(double requests, double context, double queries)
    {
        if (requests <= 0)
        {
            return 0;
        }

        // Ranks that share a cache by tokens read their part of it for the heads of all of them.
        context /= _share;
        var each = context / requests;
        if (_decode is null)
        {
            return _linear?.Decode(requests, queries) ?? 0;
        }

        return IsLatent
            ? _decode.Us(requests, requests * Entries(each), queries) + (_indexer?.Decode(context, queries) ?? 0)
            : _decode.Us(requests, requests * (_shape.Window > 0 ? Math.Min(each, _shape.Window) : each), queries);
    }

    /// <summary>Microseconds for the prompt chunks of a step, shared out over <paramref name="parts"/> micro-batches; not <paramref name="exact"/> within a hundred-thousandth.</summary>
    public double Context(ReadOnlySpan<StepTime.PrefillChunk> chunks, double parts, bool exact)
    {
        if (chunks.Length == 0)
        {
            return 0;
        }

        if (_prompt is null)
        {
            return _linear?.Context(Work(chunks, 0, parts).Tokens) ?? 0;
        }

        if (!IsLatent)
        {
            var work = Work(chunks, _prompt.Window, parts);
            return exact ? _prompt.Us(work) : _prompt.QuickUs(work);
        }

        // Sparse and compressed attention: a token sees a bounded number of entries.
        var bound = _shape.Kind == AttentionKind.Compressed ? _shape.Window : _shape.TopK;
        var time = _prompt.Us(Work(chunks, bound, parts));
        if (_shape.Kind == AttentionKind.Compressed && _shape.CompressRatio > 0)
        {
            var far = Work(chunks, _shape.TopK > 0 ? (double)_shape.TopK * _shape.CompressRatio : 0, parts);
            time += _prompt.Us(far with { Area = far.Area / _shape.CompressRatio, Read = far.Read / _shape.CompressRatio });
        }

        return time + (_indexer?.Context(Work(chunks, 0, parts)) ?? 0);
    }

    private double Entries(double context)
    {
        if (_shape.Kind == AttentionKind.Latent)
        {
            return _shape.TopK > 0 ? Math.Min(context, _shape.TopK) : context;
        }

        var far = _shape.CompressRatio > 0 ? context / _shape.CompressRatio : 0;
        return Math.Min(context, _shape.Window) + (_shape.TopK > 0 ? Math.Min(far, _shape.TopK) : far);
    }

    private static ContextWork Work(ReadOnlySpan<StepTime.PrefillChunk> chunks, double window, double parts)
    {
        var sum = default(ContextWork);
        foreach (var chunk in chunks)
        {
            sum += ContextWork.Of(chunk.NewTokens, chunk.ContextTokens, window);
        }

        return parts == 1 ? sum : new(sum.Tokens / parts, sum.Area / parts, sum.Read / parts);
    }

    // Key and value widths per head: of the unrolled heads where the projections tell them, else of the cached vector.
    private static double PairDim(ModelLayer layer)
    {
        var shape = layer.Attention;
        var query = layer.Weights.FirstOrDefault(w => w.Module.EndsWith("q_b_proj", StringComparison.Ordinal) || w.Module.EndsWith("self_attn.q_proj", StringComparison.Ordinal));
        var output = layer.Weights.FirstOrDefault(w => w.Module.EndsWith("o_proj", StringComparison.Ordinal));
        return shape.Kind == AttentionKind.Latent && shape.TopK == 0 && query is not null && output is not null
            ? (query.Rows + output.Columns) / (double)shape.Heads
            : shape.KeyDim + shape.SumDim;
    }
}
