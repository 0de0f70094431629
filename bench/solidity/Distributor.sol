// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

interface IERC20 {
    function balanceOf(address account) external view returns (uint256);
}

/// @title The floor for the gas of a claim: what a careful hand would write in Solidity for the same duties.
/// @notice Per claim: is the epoch final, was this account paid, does the proof hold, is the budget kept; then the
///         flag, the sum paid, an event, and a transfer that tokens without an answer pass and lying ones do not.
/// @dev Status, sum paid and budget share a word; errors are custom; pairs are hashed in scratch space.
contract Distributor {
    struct Epoch {
        bytes32 root;
        uint8 status;
        uint120 paid;
        uint120 budget;
    }

    uint8 private constant FINAL = 2;

    address public immutable TOKEN;
    address public immutable OWNER;
    uint256 public unreserved;
    mapping(uint256 => Epoch) public epochs;
    mapping(uint256 => mapping(address => bool)) public claimed;

    event Claimed(uint256 indexed epoch, address indexed account, uint256 amount);

    error NotOwner();
    error NotFinal();
    error Taken();
    error AlreadyClaimed();
    error OverBudget();
    error WrongProof();
    error TransferFailed();

    constructor(address token) {
        TOKEN = token;
        OWNER = msg.sender;
    }

    /// @notice Count what was sent here and is not reserved, and make a root final at once.
    function post(uint256 epoch, bytes32 root, uint120 budget) external {
        if (msg.sender != OWNER) revert NotOwner();
        if (epochs[epoch].status != 0) revert Taken();
        if (budget > unreserved) revert OverBudget();
        unreserved -= budget;
        epochs[epoch] = Epoch(root, FINAL, 0, budget);
    }

    function fund() external {
        unreserved = IERC20(TOKEN).balanceOf(address(this));
    }

    function claim(uint256 epoch, address account, uint256 amount, bytes32[] calldata proof) external {
        Epoch storage it = epochs[epoch];
        (uint256 status, uint256 paid, uint256 budget) = (it.status, it.paid, it.budget);
        if (status != FINAL) revert NotFinal();
        if (claimed[epoch][account]) revert AlreadyClaimed();
        if (amount > budget - paid) revert OverBudget();
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, amount))));
        if (_root(proof, leaf) != it.root) revert WrongProof();
        claimed[epoch][account] = true;
        unchecked {
            it.paid = uint120(paid + amount);
        }
        emit Claimed(epoch, account, amount);
        _send(account, amount);
    }

    function _root(bytes32[] calldata proof, bytes32 node) private pure returns (bytes32) {
        for (uint256 i = 0; i < proof.length; ++i) {
            bytes32 other = proof[i];
            node = node < other ? _pair(node, other) : _pair(other, node);
        }
        return node;
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32 out) {
        assembly ("memory-safe") {
            mstore(0x00, a)
            mstore(0x20, b)
            out := keccak256(0x00, 0x40)
        }
    }

    function _send(address account, uint256 amount) private {
        (bool done, bytes memory answer) =
            TOKEN.call(abi.encodeWithSignature("transfer(address,uint256)", account, amount));
        if (!done || (answer.length == 0 ? TOKEN.code.length == 0 : !abi.decode(answer, (bool)))) {
            revert TransferFailed();
        }
    }
}
