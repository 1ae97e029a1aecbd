using Foretoken.Engines.SgLang.Plain;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>The order of the waiting queue before a prefill batch is filled: the plain engine's WaitingOrder over slots.</summary>
public sealed partial class FastSgLangReplica
{
    private readonly HashSet<int> _openings = [];
    private int[] _orderKeys = [];

    private void OrderWaiting()
    {
        switch (_settings.ActivePolicy)
        {
            case SgLangSchedulePolicy.Lof:
                LongestOutputFirst();
                break;
            case SgLangSchedulePolicy.Lpm when _waiting.Count <= SgLangConstants.LpmQueueMax:
                LongestPrefixFirst();
                break;
            case SgLangSchedulePolicy.Random:
                for (var i = _waiting.Count - 1; i > 0; i--)
                {
                    var j = _random.NextInt(i + 1);
                    (_waiting[i], _waiting[j]) = (_waiting[j], _waiting[i]);
                }

                break;
            default:
                break;
        }
    }

    // Stable, and quick where little has changed since the last time.
    private void LongestOutputFirst()
    {
        for (var i = 1; i < _waiting.Count; i++)
        {
            var slot = _waiting[i];
            var longest = _slots[slot].MaxNewTokens;
            var at = i;
            for (; at > 0 && _slots[_waiting[at - 1]].MaxNewTokens < longest; at--)
            {
                _waiting[at] = _waiting[at - 1];
            }

            _waiting[at] = slot;
        }
    }

    // The longer the match the earlier. A request that begins like one ahead of it, with too little of that cached, comes last,
    // so that it can find that one's prefix in a later batch.
    private void LongestPrefixFirst()
    {
        if (_orderKeys.Length == 0)
        {
            _orderKeys = new int[SgLangConstants.LpmQueueMax];
        }

        _openings.Clear();
        for (var i = 0; i < _waiting.Count; i++)
        {
            var slot = _waiting[i];
            ref var r = ref _slots[slot];
            var matched = Match(slot, r.Tokens, out _);
            var key = -Math.Min(matched, r.Tokens - 1);
            if (matched <= SgLangConstants.InBatchPrefixCachingCheckThreshold
                && r.Opening != None
                && r.Tokens >= SgLangConstants.InBatchPrefixCachingDeprioritizeThreshold
                && !_openings.Add(r.Opening))
            {
                key = int.MaxValue;
            }

            // Stable, and quick where little has changed since the last time.
            var at = i;
            for (; at > 0 && _orderKeys[at - 1] > key; at--)
            {
                _orderKeys[at] = _orderKeys[at - 1];
                _waiting[at] = _waiting[at - 1];
            }

            _orderKeys[at] = key;
            _waiting[at] = slot;
        }
    }

    // The prefix tree names what several requests begin with, so requests have their first tokens in common exactly where one
    // node of it holds the last of those tokens.
    private int Opening(in PromptContent content)
    {
        if (_prefixes is null || content.KnownTokens < SgLangConstants.InBatchPrefixCachingDeprioritizeThreshold)
        {
            return None;
        }

        foreach (var node in content.Path.Span)
        {
            if (_prefixes.Ends[node] >= SgLangConstants.InBatchPrefixCachingDeprioritizeThreshold)
            {
                return node;
            }
        }

        return None;
    }
}
