using System.Runtime.Intrinsics;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// Step times from operators: the embedded default. Everything that depends on whole numbers of tokens is tabulated as it is
/// first asked for, exactly; attention of decoding requests is interpolated between sixteen points per doubling of the mean
/// context, which is off by less than 0.1 % of a step. Prompt attention is computed each time, its powers from a table that is off by
/// less than a hundred-thousandth.
/// Not for several threads at once.
/// </summary>
public sealed class CoefficientsStepTime : IStepTimeSource
{
    private readonly StepCost _cost;
    private readonly TokenTable _denseGraph;
    private readonly TokenTable _denseEager;
    private readonly TokenTable _experts;
    private readonly TokenTable _promptExperts;
    private readonly TokenTable _head;
    private readonly TokenTable _constant;
    private readonly DecodeAttentionTable _attention;
    private readonly DecodeAttentionTable _verification;
    private readonly DecodeAttentionTable _drafting;
    private readonly int _stages;
    private readonly int _ranks;
    private readonly int _piecewise;
    private readonly int _queries;
    private double _decodeScale;
    private double _prefillScale;

    private CoefficientsStepTime(Deployment deployment)
    {
        Deployment = deployment;
        _cost = new StepCost(deployment);
        _stages = deployment.Layout.PipelineParallel;
        _ranks = deployment.Layout.AttentionDataParallel;
        _denseGraph = new TokenTable(t => _cost.DenseUs(t, true));
        _denseEager = new TokenTable(t => _cost.DenseUs(t, false));
        _experts = new TokenTable(t => _cost.ExpertsUs(t, prompts: false));
        _promptExperts = _cost.ExchangesByStep ? new TokenTable(t => _cost.ExpertsUs(t, prompts: true)) : _experts;
        _head = new TokenTable(_cost.HeadUs);
        _constant = new TokenTable(requests => NewDecodeConstant((int)requests, (int)requests * _ranks));
        _attention = new DecodeAttentionTable((requests, context) => MicroBatchAttentionUs((int)requests, context, Parts((int)requests), 1));
        _queries = 1 + (deployment.Speculation?.DraftTokens ?? 0);
        _verification = new DecodeAttentionTable((requests, context) => _cost.DecodeAttentionUs(requests, context, _queries));
        _drafting = new DecodeAttentionTable((requests, context) => _cost.Draft?.Us(requests, context, _ranks) ?? 0);

        // vLLM cuts its graphs at attention, so that mixed steps of few tokens replay them, too.
        _piecewise = deployment.Engine == Memory.EngineKind.Vllm ? _cost.Graphs.Largest : 0;
        (_decodeScale, _prefillScale) = (_cost.DecodeScale * deployment.TimeFactor, _cost.PrefillScale * deployment.TimeFactor);
    }

    /// <summary>What it computes times of.</summary>
    public Deployment Deployment { get; private set; }

    /// <inheritdoc />
    public string Name => Deployment.Tables is null ? "coefficients" : "optables";

    /// <inheritdoc />
    public bool NeedsContextLengths => false;

    /// <summary>Whether the GPU has no coefficients of its own.</summary>
    public bool IsGeneric => _cost.Fits.IsGeneric;

    /// <summary>Overheads of the engine's version, its front end's times among them.</summary>
    public EngineOverheads Overheads => _cost.Overheads;

    /// <summary>What had to be replaced or estimated, in sentences.</summary>
    public IReadOnlyList<string> Notes => _cost.Fits.Notes;

    /// <summary>A source for a deployment whose layout divides its model.</summary>
    /// <param name="deployment">Model, GPU, engine and layout.</param>
    /// <param name="place">Where the settings stand, for messages.</param>
    /// <exception cref="Quantities.InputException">The layout does not divide the model; every problem.</exception>
    public static CoefficientsStepTime Create(Deployment deployment, string place)
    {
        var problems = Memory.LayoutChecks.Problems(deployment.Model, deployment.Layout, place);
        return problems.Count == 0 ? new CoefficientsStepTime(deployment) : throw new Quantities.InputException(problems);
    }

    /// <summary>A source of the least times that the GPU's datasheet allows: no overheads, every operator at its bound.</summary>
    internal static CoefficientsStepTime CreateBound(Deployment deployment) =>
        new(deployment with { IsBound = true, Eager = true, Calibration = Coefficients.Calibration.None(FitLookup.Backend(deployment.Engine)) });

    /// <summary>
    /// The same source with every step so many times as long as the deployment's factor 1 would have it. It shares what is tabulated:
    /// both on one thread.
    /// </summary>
    public CoefficientsStepTime WithFactor(double factor)
    {
        if (factor == Deployment.TimeFactor)
        {
            return this;
        }

        var other = (CoefficientsStepTime)MemberwiseClone();
        other.Deployment = Deployment with { TimeFactor = factor };
        (other._decodeScale, other._prefillScale) = (_cost.DecodeScale * factor, _cost.PrefillScale * factor);
        return other;
    }

    /// <summary>
    /// The deployment that stands for all with the same step times: limits of the batch only decide how large its CUDA graphs are.
    /// </summary>
    public static Deployment Canonical(Deployment deployment) => StepCost.Canonical(deployment);

    /// <inheritdoc />
    public double Milliseconds(in StepBatch batch) => Us(batch, exact: false) * 1e-3;

    /// <summary>The same without interpolation: the plain twin of <see cref="Milliseconds"/>.</summary>
    public double ExactMilliseconds(in StepBatch batch) => Us(batch, exact: true) * 1e-3;

    /// <inheritdoc />
    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds)
    {
        if (_cost.Draft is null && _stages > 1)
        {
            PipelinedRun(requests, contextTokens, nanoseconds);
            return;
        }

        if (_cost.Draft is not null)
        {
            for (var step = 0; step < nanoseconds.Length; step++)
            {
                nanoseconds[step] = NanosecondRounding.Round(Us(new StepBatch { DecodeRequests = requests, DecodeContextTokens = contextTokens + ((long)step * requests) }, exact: false) * 1e-3);
            }

            return;
        }

        var constant = DecodeConstant(requests, requests * _ranks);
        var i = 0;
        while (Vector256.IsHardwareAccelerated && i + 4 <= nanoseconds.Length)
        {
            // Four steps at a time while they lie between the same two points of the table: the same operations in the same
            // order as below, so the same bits.
            var last = nanoseconds.Length - 1;
            var piece = _attention.Piece(requests, contextTokens + ((long)i * requests), contextTokens + ((long)last * requests), requests, out var steps);
            if (steps < 4)
            {
                for (var end = Math.Min(i + 4, nanoseconds.Length); i < end; i++)
                {
                    nanoseconds[i] = One(i);
                }

                continue;
            }

            i = piece.Fill(nanoseconds, i, steps, contextTokens + ((long)i * requests), requests, constant, _cost.Host(requests), _decodeScale);
        }

        for (; i < nanoseconds.Length; i++)
        {
            nanoseconds[i] = One(i);
        }

        long One(int step)
        {
            var us = _cost.WithHost(constant + _attention.Us(requests, contextTokens + ((long)step * requests)), requests);
            return NanosecondRounding.Round(us * _decodeScale * 1e-3);
        }
    }

    // As Us() of a batch of nothing but decodes, with what does not change from step to step done once.
    private void PipelinedRun(int requests, long contextTokens, Span<long> nanoseconds)
    {
        var parts = Parts(requests);
        var part = Part(requests, parts);
        var constant = PipelinedConstant(part, requests * _ranks, parts);
        var head = _head[part];
        for (var step = 0; step < nanoseconds.Length; step++)
        {
            var attention = _attention.Us(requests, contextTokens + ((long)step * requests));
            nanoseconds[step] = NanosecondRounding.Round(_decodeScale * _cost.WithHost(Pipelined(constant + attention, head, part, parts), requests) * 1e-3);
        }
    }

    /// <summary>Where the time of a step goes, by operators.</summary>
    public IReadOnlyList<StepTimeLine> Explain(in StepBatch batch) => StepExplanation.Of(_cost, batch, Us(batch, exact: false), _ranks, IsGraphed(batch), _stages > 1, Deployment.TimeFactor);

    private bool IsGraphed(in StepBatch batch)
    {
        var tokens = batch.DecodeRequests + batch.DraftTokens;
        var fresh = 0;
        foreach (var chunk in batch.Prefills)
        {
            fresh += chunk.NewTokens;
        }

        return fresh == 0 ? _cost.Graphs.Covers(tokens) : tokens + fresh <= _piecewise;
    }

    // All of a plain decode step that does not depend on context, us.
    private double DecodeConstant(int requests, int groupTokens) =>
        groupTokens == requests * _ranks ? _constant[requests] : NewDecodeConstant(requests, groupTokens);

    private double NewDecodeConstant(int requests, int groupTokens)
    {
        var graph = _cost.Graphs.Covers(requests);
        var padded = _cost.Graphs.Padded(requests);
        var group = groupTokens + ((padded - requests) * _ranks);
        return (graph ? _denseGraph[padded] : _denseEager[padded]) + _experts[group] + _head[requests];
    }

    private double Us(in StepBatch batch, bool exact)
    {
        long fresh = 0;
        var sampled = batch.DecodeRequests + batch.DraftTokens;
        foreach (var chunk in batch.Prefills)
        {
            fresh += chunk.NewTokens;
            sampled += chunk.Completes ? 1 : 0;
        }

        var requests = batch.DecodeRequests;
        var decoding = requests + batch.DraftTokens;
        var own = (int)fresh + decoding;
        var group = batch.GroupTokens > 0 ? Math.Max(batch.GroupTokens, own) : own * _ranks;
        var parts = Parts(requests + batch.Prefills.Length);
        var attention = Attention(requests, batch.DecodeContextTokens, decoding, parts, exact);
        var decodeOnly = Decode(requests, batch.DecodeContextTokens, decoding, fresh == 0 ? group : decoding * _ranks, parts, attention, exact);
        if (fresh == 0)
        {
            return _decodeScale * decodeOnly;
        }

        var tokens = Part(own, parts);
        var graph = own <= _piecewise;
        var gpu = (graph ? _denseGraph[_cost.Graphs.Padded(tokens)] : _denseEager[tokens]) + _promptExperts[Part(group, parts)]
            + attention + _cost.ContextAttentionUs(batch.Prefills, parts, exact);
        gpu *= _cost.PrefillFactor;
        if (!graph)
        {
            gpu = Math.Max(gpu, _cost.LaunchUs);
        }

        var mixed = _cost.WithHost(Pipelined(gpu, _head[Part(sampled, parts)], tokens, parts) + Drafts(requests, batch.DecodeContextTokens, exact), requests);
        var before = requests == 0 ? 0 : decodeOnly;
        return (_decodeScale * before) + (_prefillScale * Math.Max(0, mixed - before));
    }

    private double Decode(int requests, long context, int tokens, int group, int parts, double attention, bool exact)
    {
        if (requests == 0)
        {
            return 0;
        }

        if (_stages == 1 && tokens == requests && _cost.Draft is null)
        {
            return _cost.WithHost(DecodeConstant(requests, group) + attention, requests);
        }

        var part = Part(tokens, parts);
        var gpu = PipelinedConstant(part, group, parts) + attention;
        return _cost.WithHost(Pipelined(gpu, _head[part], part, parts) + Drafts(requests, context, exact), requests);
    }

    // The layers of one micro-batch without attention, us.
    private double PipelinedConstant(int part, int group, int parts)
    {
        var padded = _cost.Graphs.Padded(part);
        return (_cost.Graphs.Covers(part) ? _denseGraph[padded] : _denseEager[padded]) + _experts[Part(group, parts) + ((padded - part) * _ranks)];
    }

    private double MicroBatchAttentionUs(int requests, double context, int parts, double queries) =>
        _cost.DecodeAttentionUs((double)requests / parts, context / parts, queries);

    // Micro-batches that a step is cut into.
    private int Parts(int requests) => Math.Min(_stages, Math.Max(1, requests));

    private double Attention(int requests, long context, int tokens, int parts, bool exact)
    {
        if (requests == 0)
        {
            return 0;
        }

        // A pipeline that prompts cut finer than decodes alone would is not in the tables.
        if (exact || (parts > 1 && (tokens != requests || parts != Parts(requests))))
        {
            return MicroBatchAttentionUs(requests, context, parts, (double)tokens / requests);
        }

        // Without drafts, or with all that the deployment drafts; a few requests near their end may have fewer.
        return tokens == requests ? _attention.Us(requests, context)
            : tokens == requests * _queries ? _verification.Us(requests, context)
            : _cost.DecodeAttentionUs(requests, context, (double)tokens / requests);
    }

    private double Drafts(int requests, long context, bool exact) =>
        _cost.Draft is null || requests == 0 ? 0 : exact ? _cost.Draft.Us(requests, context, _ranks) : _drafting.Us(requests, context);

    // One stage after the other, micro-batches behind each other: a round takes the slower of all stages for one
    // micro-batch (the bubble) and the longest stage for all of them.
    private double Pipelined(double layers, double head, int tokens, int parts) =>
        _stages == 1 ? layers + head : Math.Max(parts * ((layers * _cost.StageShare) + head), layers + head + ((_stages - 1) * _cost.SendUs(tokens)));

    private static int Part(int whole, int parts) => parts == 1 ? whole : (whole + parts - 1) / parts;
}
