using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Coefficients;

/// <summary>What one rank sends, and how long it takes, where a token goes only to the ranks of its experts.</summary>
internal sealed class TokenExchange
{
    private readonly ITokenWay _dispatch;
    private readonly ITokenWay _combine;
    private readonly int _ranks;

    /// <param name="kind">The kernels; neither all-gather and reduce-scatter nor a choice by step.</param>
    /// <param name="ffn">The layer's experts.</param>
    /// <param name="hidden">Numbers of a token.</param>
    /// <param name="dtype">Number format of the experts as the tables name it.</param>
    /// <param name="ranks">Ranks that the experts lie on.</param>
    /// <param name="domain">GPUs that fast links join.</param>
    /// <param name="operators">Where times come from.</param>
    public TokenExchange(ExpertExchange kind, FfnShape ffn, int hidden, string dtype, int ranks, int domain, IOperators operators)
    {
        _ranks = ranks;
        domain = Math.Min(domain, ranks);
        var nodes = (ranks + domain - 1) / domain;
        var spread = new TokenSpread(ffn.Experts, ffn.ExpertsPerToken, ffn.ExpertGroups, ffn.GroupsPerToken);
        var reached = spread.Reached(ranks);
        Received = reached / ranks;
        if (kind == ExpertExchange.DeepEpLowLatency)
        {
            // One copy per expert, none for those of the rank itself.
            Near = ffn.ExpertsPerToken * (domain - 1.0) / ranks;
            Far = ffn.ExpertsPerToken * (double)(ranks - domain) / ranks;
        }
        else
        {
            // One copy per rank inside a domain, one per other domain, where it is passed on.
            Near = reached * (domain - 1) / domain;
            Far = nodes == 1 ? 0 : spread.Reached(nodes) * (nodes - 1) / nodes;
        }

        DispatchBytes = Inputs(dtype, hidden);
        CombineBytes = 2.0 * hidden;
        _dispatch = operators.Way(kind, isDispatch: true, nodes > 1);
        _combine = operators.Way(kind, isDispatch: false, nodes > 1);
    }

    /// <summary>Copies of a token that a rank sends inside its domain.</summary>
    public double Near { get; }

    /// <summary>Copies of a token that a rank sends to other domains.</summary>
    public double Far { get; }

    /// <summary>Share of all ranks' tokens that a rank holds afterwards.</summary>
    public double Received { get; }

    /// <summary>Bytes of a token on its way to the experts, in the number format of their inputs, scales included.</summary>
    public double DispatchBytes { get; }

    /// <summary>Bytes of a token on its way back: 16 bits.</summary>
    public double CombineBytes { get; }

    /// <summary>There and back, us; tokens of all ranks.</summary>
    public double Us(double groupTokens)
    {
        var tokens = groupTokens / _ranks;
        return _dispatch.Us(tokens * Near * DispatchBytes, tokens * Far * DispatchBytes) + _combine.Us(tokens * Near * CombineBytes, tokens * Far * CombineBytes);
    }

    // A byte and four bytes of scale per 128 numbers; half a byte and one byte per 16; else 16 bits.
    private static double Inputs(string dtype, int hidden) => dtype switch
    {
        "nvfp4" => (hidden / 2.0) + (hidden / 16.0),
        "fp8_block" or "fp8" or "mxfp8" or "w4a8_mxfp4_mxfp8" => hidden + (hidden / 32.0),
        _ => 2.0 * hidden,
    };
}
