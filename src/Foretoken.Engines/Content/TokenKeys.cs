namespace Foretoken.Engines.Content;

/// <summary>
/// Keys from the tokens themselves, as the replay of a decision trace knows them: an explicit prompt, then generated tokens
/// that no other request generates.
/// </summary>
internal sealed class TokenKeys(ContentTable table, IReadOnlyList<int> prompt, int blockSize) : BlockKeys
{
    private int _prefix;

    /// <inheritdoc />
    protected override int Next(int block)
    {
        var end = (block + 1) * blockSize;
        if (end > prompt.Count)
        {
            return table.Private();
        }

        for (var i = block * blockSize; i < end; i++)
        {
            _prefix = table.Extend(_prefix, prompt[i]);
        }

        return table.Block(_prefix, block);
    }
}
