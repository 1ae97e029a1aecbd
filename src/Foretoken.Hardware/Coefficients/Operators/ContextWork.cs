namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>What the prompt chunks of a step ask of one attention kernel.</summary>
/// <param name="Tokens">New tokens.</param>
/// <param name="Area">Pairs of a new token and a token that it sees.</param>
/// <param name="Read">Tokens whose keys and values are read: each chunk's context and new tokens.</param>
internal readonly record struct ContextWork(double Tokens, double Area, double Read)
{
    /// <summary>Work of a chunk of <paramref name="fresh"/> tokens after <paramref name="cached"/>, when a token sees at most <paramref name="window"/> (0: all).</summary>
    public static ContextWork Of(double fresh, double cached, double window)
    {
        var area = (fresh * cached) + (fresh * (fresh + 1) / 2);
        if (window <= 0 || cached + fresh <= window)
        {
            return new(fresh, area, cached + fresh);
        }

        // Tokens before the window is full see all before them, the others exactly the window.
        var growing = Math.Max(0, window - cached);
        return new(fresh, (growing * cached) + (growing * (growing + 1) / 2) + ((fresh - growing) * window), Math.Min(cached, window) + fresh);
    }

    /// <summary>Both together, as one kernel over several chunks runs them.</summary>
    public static ContextWork operator +(ContextWork a, ContextWork b) => new(a.Tokens + b.Tokens, a.Area + b.Area, a.Read + b.Read);
}
