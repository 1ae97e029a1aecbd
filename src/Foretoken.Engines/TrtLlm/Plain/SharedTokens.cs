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
        var position = start;
        while (position < end)
        {
            var id = position / size;
            if (a.HashIds.Span[id] != b.HashIds.Span[id])
            {
                break;
            }

            position = (id + 1) * size;
        }

        return Math.Max(0, Math.Min(position, end) - start);
    }
}
