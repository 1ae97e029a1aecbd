namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>Compares single tokens of two requests whose contents agree up to the start of a block.</summary>
internal static class SharedTokens
{
    /// <summary>How many of the <paramref name="most"/> tokens from <paramref name="start"/> on both have in common.</summary>
    public static int Count(TrtLlmRequest one, TrtLlmRequest other, int start, int most)
    {
        if (ReferenceEquals(one, other))
        {
            return most;
        }

        var a = one.Content;
        var b = other.Content;
        var size = a.HashBlockTokens;
        if (size != b.HashBlockTokens || size == 0)
        {
            return 0;
        }

        var end = Math.Min(start + most, Math.Min(a.KnownTokens, b.KnownTokens));
        if (end <= start)
        {
            return 0;
        }

        var first = start / size;
        var ids = ((end - 1) / size) + 1 - first;
        var same = a.HashIds.Span.Slice(first, ids).CommonPrefixLength(b.HashIds.Span.Slice(first, ids));
        return Math.Max(0, (int)Math.Min((long)(first + same) * size, end) - start);
    }
}
