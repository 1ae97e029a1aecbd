namespace Foretoken.Engines.SgLang.Fast;

/// <content>What can be seen of its requests from outside.</content>
public sealed partial class FastSgLangReplica
{
    /// <inheritdoc />
    public void ListOpen(List<(int Request, int Tokens)> into)
    {
        // In a run of steps only the run knows how far everybody is.
        LeaveRun();
        var first = into.Count;
        for (var slot = 0; slot < _slotsUsed; slot++)
        {
            ref readonly var r = ref _slots[slot];
            if (r.InUse && !r.Reported)
            {
                into.Add((r.Record.Index, r.Tokens));
            }
        }

        into.Sort(first, into.Count - first, null);
    }
}
