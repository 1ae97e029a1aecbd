using Foretoken.Workloads.Traces;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>
/// A prefix tree seen in engine blocks. Block j of a sequence belongs to the node in which its last token lies, so a node
/// that covers tokens [start, end) owns blocks [start / size, end / size): whole numbers whatever the two block sizes are.
/// Shared by the replicas of a run; follows a tree that grows.
/// </summary>
internal sealed class NodeBlocks(PrefixTree? tree, int blockSize)
{
    private int[] _ends = [];

    /// <summary>Tokens per engine block.</summary>
    public int BlockSize { get; } = blockSize;

    /// <summary>Nodes known so far.</summary>
    public int Count { get; private set; }

    /// <summary>One past the last block of a node.</summary>
    public int End(int node) => _ends[node];

    /// <summary>Takes over nodes that were added to the tree since the last call.</summary>
    public void Refresh()
    {
        if (tree is null || tree.Count == Count)
        {
            return;
        }

        if (_ends.Length < tree.Count)
        {
            Array.Resize(ref _ends, Math.Max(tree.Count, _ends.Length * 2));
        }

        var ends = tree.Ends;
        for (var i = Count; i < ends.Length; i++)
        {
            _ends[i] = ends[i] / BlockSize;
        }

        Count = ends.Length;
    }
}
