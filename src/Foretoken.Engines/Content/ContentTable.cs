namespace Foretoken.Engines.Content;

/// <summary>
/// Names for token contents: equal prefixes get equal numbers. Takes the place of vLLM's chained block hashes, without
/// collisions. Numbers are positive and mean nothing outside one engine.
/// </summary>
internal sealed class ContentTable
{
    private readonly Dictionary<long, int> _prefixes = [];
    private readonly Dictionary<long, int> _blocks = [];
    private int _last;

    /// <summary>The prefix that is <paramref name="prefix"/> (0: nothing) followed by <paramref name="next"/>.</summary>
    public int Extend(int prefix, int next) => Intern(_prefixes, prefix, next);

    /// <summary>Key of block number <paramref name="block"/> of the sequences that begin with <paramref name="prefix"/>.</summary>
    public int Block(int prefix, int block) => Intern(_blocks, prefix, block);

    /// <summary>A key that nobody else has.</summary>
    public int Private() => checked(++_last);

    private int Intern(Dictionary<long, int> table, int parent, int value)
    {
        var pair = ((long)parent << 32) | (uint)value;
        if (!table.TryGetValue(pair, out var number))
        {
            number = checked(++_last);
            table.Add(pair, number);
        }

        return number;
    }
}
