using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang;

/// <summary>Speculative decoding settings, under SGLang's own names. Drafts are verified one batch at a time with a bonus token each.</summary>
public sealed record SgLangSpeculation
{
    /// <summary><c>speculative_algorithm</c>.</summary>
    public required SgLangSpeculativeAlgorithm Algorithm { get; init; }

    /// <summary><c>speculative_num_steps</c>: depth of the draft tree.</summary>
    public required int NumSteps { get; init; }

    /// <summary><c>speculative_eagle_topk</c>: branches per step.</summary>
    public int EagleTopk { get; init; } = 1;

    /// <summary><c>speculative_num_draft_tokens</c>: tokens verified per request and batch, the last known one among them.</summary>
    public required int NumDraftTokens { get; init; }

    /// <summary>
    /// Probability that the first i drafts are all accepted, for i = 1 to <see cref="MostAccepted"/>, non-increasing. Empty where
    /// <see cref="SimulateAccLen"/> decides.
    /// </summary>
    public IReadOnlyList<double> AcceptanceRates { get; init; } = [];

    /// <summary><c>SGLANG_SIMULATE_ACC_LEN</c>: mean tokens per verified batch and request, bonus included; every request of a batch gets the same. Null: off.</summary>
    public double? SimulateAccLen { get; init; }

    /// <summary><c>SGLANG_SIMULATE_ACC_METHOD</c>. Its default in main of 2026 (environ.py); it was multinomial before.</summary>
    public SgLangSimulatedAcceptance SimulateAccMethod { get; init; } = SgLangSimulatedAcceptance.MatchExpected;

    /// <summary>Most drafts of a request that one batch can accept.</summary>
    public int MostAccepted => Algorithm == SgLangSpeculativeAlgorithm.Ngram ? NumDraftTokens - 1 : NumSteps;

    /// <summary>Whether drafts are computed with KV slots.</summary>
    public bool HasDraftKv => Algorithm != SgLangSpeculativeAlgorithm.Ngram;

    /// <summary>Whether the radix cache keys pairs of tokens, so that a sequence has one key fewer than tokens.</summary>
    public bool KeysPairs => Algorithm == SgLangSpeculativeAlgorithm.Eagle;

    /// <summary>Steps, branches and draft tokens that SGLang takes for a model when none is given (<c>auto_choose_speculative_params</c>).</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <param name="architecture">The model's architecture as in its config, like <c>LlamaForCausalLM</c>.</param>
    public static (int NumSteps, int EagleTopk, int NumDraftTokens) Auto(SgLangSpeculativeAlgorithm algorithm, string architecture) =>
        algorithm != SgLangSpeculativeAlgorithm.Standalone && architecture is "LlamaForCausalLM" or "Grok1ForCausalLM" or "Grok1VForCausalLM"
            ? (5, 4, 8)
            : (3, 1, 4);

    /// <summary>KV slots that one request may fill in a decode batch (SGLang's <c>get_alloc_len_per_decode</c>); twice as many are reserved, as overlap knows the last result late.</summary>
    public int AllocPerDecode(int pageSize)
    {
        if (pageSize == 1 || EagleTopk == 1 || !HasDraftKv)
        {
            return Math.Max(NumSteps * EagleTopk, NumDraftTokens);
        }

        // Each branch begins with a copy of the last page.
        var pages = (pageSize - 1 + NumSteps + pageSize - 1) / pageSize;
        return Math.Max(pages * pageSize * EagleTopk, NumDraftTokens);
    }

    /// <summary>Everything that cannot work, each at its field under <paramref name="place"/>.</summary>
    public IEnumerable<Problem> Problems(string place)
    {
        if (NumSteps < 1)
        {
            yield return new Problem($"{place}.speculative_num_steps", "must be at least 1");
        }

        if (EagleTopk < 1)
        {
            yield return new Problem($"{place}.speculative_eagle_topk", "must be at least 1");
        }

        if (NumDraftTokens < 2)
        {
            yield return new Problem($"{place}.speculative_num_draft_tokens", "must be at least 2: the last known token and a draft");
        }
        else if (HasDraftKv && EagleTopk == 1 && NumDraftTokens != NumSteps + 1)
        {
            yield return new Problem($"{place}.speculative_num_draft_tokens", $"is {NumSteps + 1} with speculative_eagle_topk 1 (speculative_num_steps + 1), whatever is given", $"give {NumSteps + 1}");
        }

        if (SimulateAccLen is { } length)
        {
            if (!(length >= 1 && length <= MostAccepted + 1))
            {
                yield return new Problem($"{place}.simulate_acc_len", $"must be between 1 and {MostAccepted + 1}");
            }

            if (AcceptanceRates.Count > 0)
            {
                yield return new Problem($"{place}.synthetic_acceptance_rates", "contradicts simulate_acc_len", "give one of the two");
            }
        }
        else if (AcceptanceRates.Count != MostAccepted)
        {
            yield return new Problem($"{place}.synthetic_acceptance_rates", $"must have {MostAccepted} numbers, one per draft that can be accepted");
        }
        else if (AcceptanceRates.Any(rate => !(rate is >= 0 and <= 1)) || AcceptanceRates.Zip(AcceptanceRates.Skip(1)).Any(pair => pair.Second > pair.First))
        {
            yield return new Problem($"{place}.synthetic_acceptance_rates", "must be between 0 and 1, none larger than the one before it");
        }
    }
}
